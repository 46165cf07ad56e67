/*
 * When what runs has to come off: quanta, caps and the slots of the cyclic table. A CPU has one
 * timer for the former two, which is only ever moved forward: going off too early now and then
 * costs less than moving it back at each switch. It is off while the CPU has one vCPU without a
 * cap.
 */
#include "arch/x86/cpu/tsc.h"
#include "vmm/sched_cpu.h"
#include "vmm/trace.h"

/* When what runs has to come off. A quantum runs only while somebody of the same level waits, a
   budget while anybody does. */
static uint64_t sched_deadline(const struct sched_cpu *c)
{
	const struct vcpu *p = c->payer;
	uint64_t deadline = TIMER_NEVER;

	if (UNLIKELY(c->slot))
		return deadline;
	if (runq_has_equal(&c->ready, p->priority))
		deadline = c->since + p->slice_left;
	if (UNLIKELY(p->cap.share) && !p->spent && (c->ready.levels || !sched_is_back_end(p)))
		deadline = MIN(deadline, sched_cap_deadline(&p->cap, c->since));
	return deadline;
}

void sched_deadline_set(struct sched_cpu *c)
{
	uint64_t deadline = sched_deadline(c);

	if (deadline < c->quantum.deadline)
		timer_set(&c->quantum, deadline);
}

void sched_quantum_over(struct timer *t)
{
	struct sched_cpu *c = CONTAINER_OF(t, struct sched_cpu, quantum);

	if (!c->running)
		return;
	if (sched_deadline(c) <= tsc_read())
		sched_again(c);
	else
		sched_deadline_set(c);
}

void sched_look(struct sched_cpu *c)
{
	uint64_t now = tsc_read(), due = c->slot_end;

	c->slot = sched_table_look(&c->table, now, &c->slot_end);
	if (c->slot && UNLIKELY(trace_mask))
		trace(HV_TRACE_SLOT, c->slot->vcpu, c->slot->number, tsc_ns(now - due));
	timer_set(&c->turn, c->slot_end);
	sched_again(c);
}

void sched_turn(struct timer *t)
{
	sched_look(CONTAINER_OF(t, struct sched_cpu, turn));
}
