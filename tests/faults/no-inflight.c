/*
 * In place of guests/service/inflight.c: a service domain that keeps no in-flight record and goes
 * on after a death where the used ring ends. make campaign must find that requests get lost with
 * it.
 */
#include "guests/service/inflight.h"

#include "guests/service/kept_store.h"

void inflight_clear(struct inflight *r)
{
	kept_store16(&r->used_idx, 0);
}

void inflight_take(struct inflight *r, unsigned head, uint64_t counter)
{
}

void inflight_publish(struct inflight *r, unsigned head)
{
}

void inflight_published(struct inflight *r, unsigned head, uint16_t used_idx)
{
	kept_store16(&r->used_idx, used_idx);
}

void inflight_publish_batch(struct inflight *r, const uint16_t *heads, unsigned n)
{
}

void inflight_published_batch(struct inflight *r, const uint16_t *heads, unsigned n,
			      uint16_t used_idx)
{
	kept_store16(&r->used_idx, used_idx);
}

void inflight_set_deaths(struct inflight *r, unsigned head, unsigned deaths)
{
}

bool inflight_recover(struct inflight *r, unsigned size, uint16_t used_idx,
		      struct inflight_replay *replay)
{
	*replay = (struct inflight_replay){ .counter = 1 };
	r->used_idx = used_idx;
	return true;
}
