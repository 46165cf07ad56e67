/*
 * The in-flight record. Every store that a restart may see goes through kept_store; the record is
 * read like guest input, since a wild instance may have scribbled over it.
 */
#include "guests/service/inflight.h"

#include "guests/service/kept_store.h"

#define COUNTER_SHIFT 8
#define COUNTER_LIMIT (1ull << 48) /* 2^48 requests take longer than the machine lives */
#define LEAVING       (1ull << 63)

void inflight_clear(struct inflight *r)
{
	for (unsigned i = 0; i < INFLIGHT_HEADS; i++)
		if (r->head[i])
			kept_store64(&r->head[i], 0);
	kept_store16(&r->last_head, 0);
	kept_store32(&r->batch, 0);
	kept_store16(&r->used_idx, 0);
}

void inflight_take(struct inflight *r, unsigned head, uint64_t counter)
{
	kept_store64(&r->head[head], counter << COUNTER_SHIFT);
}

void inflight_publish(struct inflight *r, unsigned head)
{
	kept_store16(&r->last_head, (uint16_t)head);
}

void inflight_published(struct inflight *r, unsigned head, uint16_t used_idx)
{
	kept_store64(&r->head[head], 0);
	kept_store16(&r->used_idx, used_idx);
}

void inflight_publish_batch(struct inflight *r, const uint16_t *heads, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		kept_store64(&r->head[heads[i]], r->head[heads[i]] | LEAVING);
	kept_store32(&r->batch, n);
}

void inflight_published_batch(struct inflight *r, const uint16_t *heads, unsigned n,
			      uint16_t used_idx)
{
	for (unsigned i = 0; i < n; i++)
		kept_store64(&r->head[heads[i]], 0);
	kept_store16(&r->used_idx, used_idx);
}

/* Ends a batch that a death cut off: what left is cleared, or goes nowhere. */
static void batch_recover(struct inflight *r, bool left, uint16_t used_idx)
{
	for (unsigned i = 0; i < INFLIGHT_HEADS; i++)
		if (r->head[i] & LEAVING)
			kept_store64(&r->head[i], left ? 0 : r->head[i] & ~LEAVING);
	if (left)
		kept_store16(&r->used_idx, used_idx);
}

void inflight_set_deaths(struct inflight *r, unsigned head, unsigned deaths)
{
	kept_store64(&r->head[head], (r->head[head] & ~0xffull) | (deaths & 0xff));
}

/* Insertion by counter: at most 128 heads, once a restart. */
static void replay_insert(struct inflight_replay *replay, const struct inflight *r, uint16_t head)
{
	unsigned at = replay->count++;

	while (at > 0 &&
	       r->head[replay->head[at - 1]] >> COUNTER_SHIFT > r->head[head] >> COUNTER_SHIFT) {
		replay->head[at] = replay->head[at - 1];
		at--;
	}
	replay->head[at] = head;
}

bool inflight_recover(struct inflight *r, unsigned size, uint16_t used_idx,
		      struct inflight_replay *replay)
{
	uint16_t ahead = (uint16_t)(used_idx - r->used_idx);

	if (size > INFLIGHT_HEADS || (ahead > 1 && (ahead != r->batch || ahead > size)) ||
	    (ahead == 1 && r->last_head >= size))
		return false;
	batch_recover(r, ahead > 1, used_idx);
	if (ahead == 1)
		inflight_published(r, r->last_head, used_idx);

	*replay = (struct inflight_replay){ .counter = 1 };
	for (unsigned i = 0; i < INFLIGHT_HEADS; i++) {
		uint64_t counter = r->head[i] >> COUNTER_SHIFT;

		if (!r->head[i])
			continue;
		if (i >= size || counter == 0 || counter >= COUNTER_LIMIT)
			return false;
		replay_insert(replay, r, (uint16_t)i);
		if (counter >= replay->counter)
			replay->counter = counter + 1;
	}
	return true;
}
