/*
 * Caps: how much of a period a vCPU may run. Periods lie on one grid of the TSC for all vCPUs. What
 * is not used in a period is lost; what was used beyond the share is paid back in the next. Pure:
 * tested on the host.
 */
#ifndef VMM_SCHED_CAP_H
#define VMM_SCHED_CAP_H

#include <stdbool.h>
#include <stdint.h>

/* In TSC ticks. */
struct sched_cap {
	uint64_t period;
	int64_t share; /* of each period; 0: there is no cap */
	int64_t left;  /* of this period's share; 0 and below: used up */
	uint64_t end;  /* TSC at which this period ends */
};

void sched_cap_init(struct sched_cap *c, unsigned percent, uint64_t period);
/* The part of the next two that is seldom needed. */
void sched_cap_settle(struct sched_cap *c, uint64_t now);

/* Its vCPU has run for `used` ticks up to now. */
static inline void sched_cap_charge(struct sched_cap *c, uint64_t used, uint64_t now)
{
	c->left -= (int64_t)used;
	if (c->left <= 0 || now >= c->end)
		sched_cap_settle(c, now);
}

/* A new share if the period has ended. */
static inline void sched_cap_renew(struct sched_cap *c, uint64_t now)
{
	if (now >= c->end)
		sched_cap_settle(c, now);
}

/* One that runs from `since` on must be looked at again then. */
static inline uint64_t sched_cap_deadline(const struct sched_cap *c, uint64_t since)
{
	uint64_t over = since + (uint64_t)c->left;

	return over < c->end ? over : c->end;
}

#endif
