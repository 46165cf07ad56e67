/*
 * Run queues: one list a priority level and a bit for each that is not empty.
 */
#include "vmm/runq.h"

#include "lib/bits.h"

void runq_init(struct runq *q)
{
	for (unsigned p = 0; p < RUNQ_PRIORITIES; p++)
		list_init(&q->level[p]);
	q->levels = 0;
}

void runq_put(struct runq *q, struct vcpu *v, bool front)
{
	struct list *level = &q->level[v->priority];

	list_add_before(front ? level->next : level, &v->queue);
	q->levels |= 1u << v->priority;
}

void runq_remove(struct runq *q, struct vcpu *v)
{
	list_remove(&v->queue);
	if (list_is_empty(&q->level[v->priority]))
		q->levels &= ~(1u << v->priority);
}

struct vcpu *runq_pick(struct runq *q)
{
	struct vcpu *v;

	if (!q->levels)
		return NULL;
	v = CONTAINER_OF(q->level[31 - __builtin_clz(q->levels)].next, struct vcpu, queue);
	runq_remove(q, v);
	if (!v->slice_left)
		v->slice_left = v->quantum;
	return v;
}
