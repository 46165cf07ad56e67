/*
 * Entering a guest is a function that returns. This file is the only place where RIP moves past an
 * emulated instruction, where a vCPU goes to sleep, and where interrupts are handed to the
 * backend.
 */
#include "vmm/run.h"

#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/regs.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/launch.h"
#include "vmm/route.h"
#include "vmm/sched.h"
#include "vmm/trace.h"
#include "vmm/vlapic.h"
#include "vmm/vpic.h"

static COLD void run_deliver_nmi(struct vcpu *v)
{
	if (v->inject.kind == INJECT_NONE && backend->can_inject(v, INJECT_NMI)) {
		v->nmi_pending = false;
		v->inject = (struct vcpu_event){ .kind = INJECT_NMI, .vector = VECTOR_NMI };
	} else {
		backend->ask_window(v, INJECT_NMI);
	}
}

static NOINLINE void run_deliver_irq(struct vcpu *v)
{
	int vector;

	vector = vlapic_pending(v);
	if (vector < 0) {
		if (UNLIKELY(v->cr8 && vlapic_waits_for_cr8(v)))
			backend->ask_cr8(v, v->cr8);
		return;
	}
	if (v->inject.kind == INJECT_NONE && backend->can_inject(v, INJECT_IRQ)) {
		v->inject = (struct vcpu_event){ .kind = INJECT_IRQ, .vector = vector };
		v->interrupts++;
		trace(HV_TRACE_INJECT, v, (unsigned)vector, 0);
		vector = vlapic_accept(v, vector);
	}
	if (UNLIKELY(vector >= 0))
		backend->ask_window(v, INJECT_IRQ);
}

/* The 8259s come before the local APIC, whatever its task priority. */
static COLD void run_deliver_extint(struct vcpu *v)
{
	if (!vpic_asks(v))
		return;
	if (v->inject.kind == INJECT_NONE && backend->can_inject(v, INJECT_IRQ)) {
		v->inject = (struct vcpu_event){ .kind = INJECT_IRQ,
						 .vector = vpic_acknowledge(v->domain) };
		v->interrupts++;
		trace(HV_TRACE_INJECT, v, v->inject.vector, 0);
	} else {
		backend->ask_window(v, INJECT_IRQ);
	}
}

static COLD void run_deliver_by_others(struct vcpu *v)
{
	if (v->apic_by_cpu) {
		vlapic_hand_over(v);
		return;
	}
	run_deliver_irq(v);
	vlapic_eoi_offer(v);
}

static void run_deliver(struct vcpu *v)
{
	if (LIKELY(!vlapic_work(v)))
		return;
	if (UNLIKELY(v->nmi_pending))
		run_deliver_nmi(v);
	if (UNLIKELY(v->extint))
		run_deliver_extint(v);
	if (UNLIKELY(v->apic_by_others))
		run_deliver_by_others(v);
	else
		run_deliver_irq(v);
}

bool run_may_wake(struct vcpu *v)
{
	bool kicked = v->kicked;

	v->kicked = false;
	return kicked || v->nmi_pending ||
	       (v->regs.rflags & RFLAGS_IF &&
		(vlapic_pending(v) >= 0 || (UNLIKELY(v->extint) && vpic_asks(v))));
}

/* An emulated instruction ends like any other: RF is cleared and TF traps (SDM 3B 17.3.1.4). */
static COLD void run_finish_flags(struct vcpu *v)
{
	struct vcpu_state s;

	if (v->regs.rflags & RFLAGS_TF) {
		backend->get_state(v, &s);
		s.dr6 |= DR6_BS;
		backend->set_state(v, &s);
		vcpu_inject_exception(v, VECTOR_DB, false, 0);
	}
	v->regs.rflags &= ~(uint64_t)RFLAGS_RF;
}

/* Outside 64-bit code RIP wraps at 4 GiB. */
static COLD void run_wrap_rip(struct vcpu *v)
{
	struct vcpu_mode m;

	backend->get_mode(v, &m);
	if (m.code_bytes != 8)
		v->regs.rip = (uint32_t)v->regs.rip;
}

static void run_skip(struct vcpu *v)
{
	uint64_t rip = v->regs.rip + v->exit.insn_len;
	bool passes_4g = (rip ^ v->regs.rip) >> 32;

	v->regs.rip = rip;
	if (UNLIKELY(passes_4g))
		run_wrap_rip(v);
	if (UNLIKELY(v->irq_shadow))
		backend->shadow_clear(v);
	if (UNLIKELY(v->regs.rflags & (RFLAGS_TF | RFLAGS_RF)))
		run_finish_flags(v);
}

/* Unless its domain was stopped meanwhile: then it is off, or queued to start again. */
static void run_rest(struct vcpu *v, enum vcpu_run_state state)
{
	if (v->run_state == VCPU_RUNNING)
		v->run_state = state;
}

static void run_verdict(struct vcpu *v, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_DONE:
	case VERDICT_RETRY: break;
	case VERDICT_BLOCK:
		v->replay = true;
		run_rest(v, VCPU_BLOCKED);
		break;
	case VERDICT_SLEEP:
		run_skip(v);
		/* A single-step trap after HLT ends it at once (SDM 2A HLT). */
		if (v->inject.kind == INJECT_NONE && !run_may_wake(v))
			run_rest(v, VCPU_SLEEPING);
		break;
	case VERDICT_YIELD:
		run_skip(v);
		sched_yield();
		break;
	case VERDICT_KILL: break;
	}
}

static void run_exit(struct vcpu *v)
{
	enum verdict verdict = route_exit(v, &v->exit);

	if (LIKELY(verdict == VERDICT_DONE))
		run_skip(v);
	else
		run_verdict(v, verdict);
}

/* The exit cut an event's delivery short. A guest can make that happen again at every entry,
   without a boundary of instructions at which a timer or an interrupt of the host could end it. */
static COLD void run_look_up(void)
{
	timer_wait();
	irq_window();
}

static void run_once(struct vcpu *v)
{
	run_deliver(v);
	backend->run(v, &v->exit);
	v->exits[v->exit.kind]++;
	trace(HV_TRACE_EXIT, v, v->exit.kind, v->regs.rip);
	if (UNLIKELY(v->inject.kind != INJECT_NONE))
		run_look_up();
	run_exit(v);
}

void run_until(struct vcpu *v, const volatile bool *attention)
{
	if (UNLIKELY(v->domain->starting)) {
		launch_turn(v->domain);
		timer_wait(); /* no guest runs that a timer or interrupts could end */
		irq_window();
		return;
	}
	/* VERDICT_BLOCK ends the loop below, so only the first exit can be one that waited. */
	if (v->replay && v->run_state == VCPU_RUNNING && !*attention) {
		v->replay = false;
		run_exit(v);
	}
	while (LIKELY(v->run_state == VCPU_RUNNING && !*attention))
		run_once(v);
}
