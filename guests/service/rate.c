/*
 * A bucket each for bytes and requests, as one time stamp (the generic cell rate algorithm): a
 * limit is open while what was taken is paid for within RATE_BURST_NS from now.
 */
#include "guests/service/rate.h"

#include "lib/bits.h"

#define NS_A_SECOND 1000000000ul

void rate_init(struct rate *r, uint64_t bytes, uint64_t requests)
{
	*r = (struct rate){ { bytes, 0 }, { requests, 0 } };
}

static uint64_t limit_ready(const struct rate_limit *l, uint64_t now)
{
	if (l->a_second == 0 || l->paid <= now + RATE_BURST_NS)
		return now;
	return l->paid - RATE_BURST_NS;
}

uint64_t rate_ready(const struct rate *r, uint64_t now)
{
	return MAX(limit_ready(&r->bytes, now), limit_ready(&r->requests, now));
}

static void limit_charge(struct rate_limit *l, uint64_t units, uint64_t now)
{
	if (l->a_second)
		l->paid = MAX(l->paid, now) + MIN(units, RATE_UNITS) * NS_A_SECOND / l->a_second;
}

void rate_charge(struct rate *r, uint64_t bytes, uint64_t now)
{
	limit_charge(&r->bytes, bytes, now);
	limit_charge(&r->requests, 1, now);
}
