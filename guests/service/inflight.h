/*
 * The in-flight record of one queue (contract.md section 4), in kept pages: which heads were taken
 * from the guest and not given back, in which order, so that the next instance finishes exactly
 * those. Heads are given back one at a time:
 *
 *   take      head[h] = counter << 8                  (one store; before the request is submitted)
 *   give back last_head = h; used entry; used.idx + 1; head[h] = 0; used_idx = used.idx
 *
 * Killed before used.idx: h is still in flight and is done again. Killed after it: used.idx is one
 * ahead of used_idx, so last_head is known to be published and is cleared, never done again.
 *
 * Several heads that the guest must see at once (a frame over several buffers):
 *
 *   give back head[h] |= LEAVING for each; batch = n; used entries; used.idx + n; head[h] = 0 for
 *             each; used_idx = used.idx
 *
 * Killed before used.idx: the marks are taken off again. After it: used.idx is n ahead, and what is
 * still marked is cleared.
 */
#ifndef GUESTS_SERVICE_INFLIGHT_H
#define GUESTS_SERVICE_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#define INFLIGHT_HEADS  128
#define INFLIGHT_DEATHS 3 /* a head in process at so many deaths is poison */

struct inflight {
	uint16_t used_idx;  /* used.idx as of the last head that was given back completely */
	uint16_t last_head; /* the head that is being given back */
	uint32_t batch;     /* so many heads were given back at once, the last time */
	uint64_t head[INFLIGHT_HEADS]; /* 0: not in flight, else counter << 8 | deaths */
};

/* What there is to do again, oldest first. */
struct inflight_replay {
	unsigned count, next;
	uint16_t head[INFLIGHT_HEADS];
	uint64_t counter; /* the first number that is free */
};

/* An empty record for a queue that starts at index 0. */
void inflight_clear(struct inflight *r);

static inline bool inflight_has(const struct inflight *r, unsigned head)
{
	return r->head[head] != 0;
}

static inline unsigned inflight_deaths(const struct inflight *r, unsigned head)
{
	return r->head[head] & 0xff;
}

void inflight_take(struct inflight *r, unsigned head, uint64_t counter);

/* The steps of giving back around the store of used.idx, which is the queue's. */
void inflight_publish(struct inflight *r, unsigned head);
void inflight_published(struct inflight *r, unsigned head, uint16_t used_idx);

/* The same for n heads at once, n > 1. */
void inflight_publish_batch(struct inflight *r, const uint16_t *heads, unsigned n);
void inflight_published_batch(struct inflight *r, const uint16_t *heads, unsigned n,
			      uint16_t used_idx);

/* Says that head was in process at so many deaths. */
void inflight_set_deaths(struct inflight *r, unsigned head, unsigned deaths);

/* Repairs a record found at a restart and lists what to replay. used_idx is what the used ring in
   the guest's memory says. False if record and ring contradict each other. */
bool inflight_recover(struct inflight *r, unsigned size, uint16_t used_idx,
		      struct inflight_replay *replay);

#endif
