/*
 * Per-CPU timer lists. A list is sorted by deadline; it is short (a quantum, a local APIC timer
 * and a deadline for each vCPU of the CPU), so insertion walks it.
 */
#include "vmm/timer.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/lapic.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/bits.h"
#include "vmm/backend.h"

static_assert(TIMER_NEVER == LAPIC_TIMER_OFF, "one word for never");

struct timer_queue {
	struct list list;
	uint64_t armed; /* what the hardware is armed for */
};

static struct timer_queue timers[MAX_CPUS];

static struct timer *timer_of(struct list *node)
{
	return CONTAINER_OF(node, struct timer, node);
}

static struct timer_queue *timer_this(void)
{
	struct timer_queue *q = &timers[cpu_index()];

	if (UNLIKELY(!q->list.next)) {
		list_init(&q->list);
		q->armed = LAPIC_TIMER_OFF;
	}
	return q;
}

static uint64_t timer_next(const struct timer_queue *q)
{
	return list_is_empty(&q->list) ? TIMER_NEVER : timer_of(q->list.next)->deadline;
}

static void timer_arm_lapic(struct timer_queue *q)
{
	uint64_t next = timer_next(q);

	if (next == q->armed)
		return;
	q->armed = next;
	lapic_timer_arm(next);
}

/* The backend's own timer ends a guest without an interrupt; where there is none, or no guest runs,
   the local APIC's does. */
static void timer_arm(struct timer_queue *q)
{
	if (!backend->set_timer(timer_next(q)))
		timer_arm_lapic(q);
}

void timer_wait(void)
{
	timer_arm_lapic(timer_this());
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
	list_init(&t->node);
	t->deadline = TIMER_NEVER;
	t->fire = fire;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	struct timer_queue *q = timer_this();
	struct list *at;

	if (deadline == t->deadline)
		return;
	list_remove(&t->node);
	t->deadline = deadline;
	if (deadline != TIMER_NEVER) {
		for (at = q->list.next; at != &q->list && timer_of(at)->deadline <= deadline;)
			at = at->next;
		list_add_before(at, &t->node);
	}
	timer_arm(q);
}

void timer_run(void)
{
	struct timer_queue *q = timer_this();
	struct timer *t;

	while (!list_is_empty(&q->list)) {
		t = timer_of(q->list.next);
		if (t->deadline > tsc_read())
			break;
		list_remove(&t->node);
		t->deadline = TIMER_NEVER;
		t->fire(t);
	}
	timer_arm(q);
}

void timer_fired(void)
{
	timer_this()->armed = LAPIC_TIMER_OFF;
}
