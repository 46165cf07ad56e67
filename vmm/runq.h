/*
 * A run queue: vCPUs that are ready, round robin inside each priority level. Pure: tested on the
 * host. One for each physical CPU, which alone touches it.
 */
#ifndef VMM_RUNQ_H
#define VMM_RUNQ_H

#include "vmm/vcpu.h"

#define RUNQ_PRIORITIES 8

struct runq {
	struct list level[RUNQ_PRIORITIES];
	uint32_t levels; /* bit p: level[p] is not empty */
};

void runq_init(struct runq *q);
/* Puts v in at the end of its level, or at the front: what is left of its slice comes first. */
void runq_put(struct runq *q, struct vcpu *v, bool front);
/* Takes v, which is in the queue, out. */
void runq_remove(struct runq *q, struct vcpu *v);
/* The first of the highest level, taken out; NULL if nobody is ready. One whose slice is used up
   gets a new one. */
struct vcpu *runq_pick(struct runq *q);

/* Somebody of this level, or of a higher one, waits. */
static inline bool runq_has_equal(const struct runq *q, unsigned priority)
{
	return q->levels & (1u << priority);
}

static inline bool runq_has_higher(const struct runq *q, unsigned priority)
{
	return q->levels >> priority > 1;
}

#endif
