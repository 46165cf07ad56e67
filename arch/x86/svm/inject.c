/*
 * Events on their way into a guest, and the windows that tell when one may go in. An interrupt
 * window is a virtual interrupt whose delivery is intercepted (APM 2 15.21.4): the guest exits when
 * IF and the interrupt shadow allow it. Writes to CR8 exit while a window is open, to see the task
 * priority fall, and because QEMU aborts at one while a virtual interrupt waits. An NMI's blocking
 * ends with the first IRET, which is intercepted as long.
 */
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/lapic.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/caps.h"
#include "arch/x86/svm/svm_vcpu.h"

static uint64_t event_pack(enum vmcb_event_type type, const struct vcpu_event *e)
{
	uint64_t w = VMCB_EVENT_VALID | e->vector | field_set(VMCB_EVENT_TYPE, 0, type);

	if (e->has_error)
		w |= VMCB_EVENT_HAS_ERROR | field_set(VMCB_EVENT_ERROR, 0, e->error);
	return w;
}

/*
 * Where an injected interrupt may come twice (caps.c): INT n does not, but minds the gate's DPL, so
 * it does for CPL 0, and is marked to be told from the guest's own. Elsewhere an interrupt of the
 * host's that waits already ends the guest before its first instruction, and the rest with it.
 */
static uint64_t irq_pack_once(const struct vmcb *b, const struct vcpu_event *e)
{
	if (!b->cpl)
		return event_pack(VMCB_EVENT_SOFTWARE, e) | VMCB_EVENT_OURS;
	lapic_ipi(lapic_id(), IRQ_VECTOR_LEAVE);
	return event_pack(VMCB_EVENT_IRQ, e);
}

uint64_t svm_event_load(struct vcpu *v)
{
	struct vcpu_event e = v->inject;
	struct vmcb *b = svm_vmcb(v);

	v->inject.kind = INJECT_NONE;
	switch (e.kind) {
	case INJECT_IRQ:
		return UNLIKELY(svm_caps.irq_twice) ? irq_pack_once(b, &e)
						    : event_pack(VMCB_EVENT_IRQ, &e);
	case INJECT_NMI: svm_nmi_block(svm_of(v), true); return event_pack(VMCB_EVENT_NMI, &e);
	case INJECT_EXCEPTION:
		/* Delivery of #DB clears DR7.GD, injection does not (APM 2 13.1.1.5). */
		if (e.vector == VECTOR_DB) {
			b->dr7 &= ~DR7_GD;
			b->clean &= ~VMCB_CLEAN_DR;
		}
		return event_pack(VMCB_EVENT_EXCEPTION, &e);
	default:
		/* INT n, INT3, INTO: RIP is at the instruction, which simply runs again. */
		return 0;
	}
}

void svm_event_save(struct vcpu *v)
{
	uint64_t info = svm_vmcb(v)->exit_int_info;
	struct vcpu_event e = {
		.kind = INJECT_EXCEPTION,
		.vector = field_get(VMCB_EVENT_VECTOR, info),
		.has_error = info & VMCB_EVENT_HAS_ERROR,
		.error = field_get(VMCB_EVENT_ERROR, info),
	};

	switch (field_get(VMCB_EVENT_TYPE, info)) {
	case VMCB_EVENT_IRQ: e.kind = INJECT_IRQ; break;
	case VMCB_EVENT_NMI: e.kind = INJECT_NMI; break;
	case VMCB_EVENT_SOFTWARE:
		if (!(info & VMCB_EVENT_OURS))
			return;
		e.kind = INJECT_IRQ;
		break;
	default:
		if (e.vector == VECTOR_BP || e.vector == VECTOR_OF)
			return;
	}
	v->inject = e;
}

bool svm_can_inject(struct vcpu *v, enum event_kind kind)
{
	const struct svm_vcpu *s = svm_of(v);

	if (v->inject.kind != INJECT_NONE)
		return false;
	if (kind != INJECT_IRQ && kind != INJECT_NMI)
		return true;
	if (s->vmcb->int_state & VMCB_INT_SHADOW)
		return false;
	return kind == INJECT_IRQ ? v->regs.rflags & RFLAGS_IF : !s->nmi_blocked;
}

void svm_window_set(struct svm_vcpu *s)
{
	struct vmcb *b = s->vmcb;

	b->v_irq = s->irq_window ? VMCB_V_IRQ : 0;
	b->v_prio = VMCB_V_PRIO | VMCB_V_IGNORE_TPR;
	b->intercept_misc1 &= ~(uint32_t)VMCB_INTERCEPT_VINTR;
	b->intercept_misc1 |= s->irq_window ? VMCB_INTERCEPT_VINTR : 0;
	b->intercept_cr_write = s->irq_window || s->cr8_window ? VMCB_INTERCEPT_CR8 : 0;
	b->clean &= ~(VMCB_CLEAN_CONTROL | VMCB_CLEAN_VINTR);
}

void svm_window_close(struct svm_vcpu *s)
{
	s->irq_window = s->cr8_window = false;
	svm_window_set(s);
}

void svm_ask_window(struct vcpu *v, enum event_kind kind)
{
	struct svm_vcpu *s = svm_of(v);

	if (kind == INJECT_NMI) {
		s->care |= CARE_NMI_WINDOW;
		return;
	}
	s->irq_window = true;
	svm_window_set(s);
}

void svm_ask_cr8(struct vcpu *v, uint8_t below)
{
	svm_of(v)->cr8_window = true;
	svm_window_set(svm_of(v));
}

void svm_shadow_clear(struct vcpu *v)
{
	svm_vmcb(v)->int_state = 0;
}

void svm_nmi_block(struct svm_vcpu *s, bool blocked)
{
	s->nmi_blocked = blocked;
	s->care &= ~CARE_IRET;
	s->vmcb->intercept_misc1 &= ~(uint32_t)VMCB_INTERCEPT_IRET;
	if (blocked)
		s->vmcb->intercept_misc1 |= VMCB_INTERCEPT_IRET;
	s->vmcb->clean &= ~VMCB_CLEAN_CONTROL;
}
