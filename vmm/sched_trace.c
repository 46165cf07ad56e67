/*
 * What the trace says about switches. Called only while something is traced.
 */
#include "arch/x86/cpu/tsc.h"
#include "vmm/sched_cpu.h"
#include "vmm/trace.h"

COLD void sched_trace_leave(struct sched_cpu *c, uint64_t now)
{
	const struct vcpu *v = c->running;

	c->left = now;
	/* At the time that its account ends with, so that a reader's sums agree with it. */
	trace_at(now, HV_TRACE_LEAVE, v, tsc_ns(now - c->since), v->run_state);
}

COLD void sched_trace_enter(struct sched_cpu *c)
{
	const struct vcpu *v = c->running;

	if (c->left)
		trace(HV_TRACE_COST, v, tsc_read() - c->left, 0);
	trace(HV_TRACE_ENTER, v, tsc_ns(c->payer->slice_left), tsc_ns(c->since - v->ready_since));
}
