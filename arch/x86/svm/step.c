/*
 * Past one instruction. Four things need it: an interrupt that waits for the end of an interrupt
 * shadow (QEMU's VMRUN forgets the shadow, so neither injection nor a window may be left to the CPU
 * there), the IRET that ends NMI blocking, an intercepted write to CR8, and an NMI window.
 *
 * An instruction that exits, such as the HLT after STI, simply exits: the core skips it, which ends
 * the shadow. For all others the entry sets TF and intercepts every exception. #DB says that the
 * instruction is done; other exceptions are given back to the guest, without our TF in the flags
 * that it will see. A POPF that sets TF in the shadow of an STI loses it.
 */
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/svm_vcpu.h"

static bool step_is_wanted(const struct svm_vcpu *s)
{
	if (s->care & (CARE_IRET | CARE_CR8))
		return true;
	if (s->care & CARE_NMI_WINDOW && !s->nmi_blocked)
		return true;
	return s->entry_shadow && s->irq_window;
}

static void step_begin(struct svm_vcpu *s, struct vcpu_regs *regs)
{
	struct vmcb *b = s->vmcb;

	s->stepping = true;
	s->guest_tf = regs->rflags & RFLAGS_TF;
	s->entry_dr6 = b->dr6;
	regs->rflags |= RFLAGS_TF;
	b->dr6 &= ~(uint64_t)DR6_BS;
	b->v_irq = 0;
	b->intercept_cr_write = 0;
	b->intercept_exceptions = ~(uint32_t)BIT(VECTOR_NMI);
	b->clean &= ~(VMCB_CLEAN_CONTROL | VMCB_CLEAN_VINTR | VMCB_CLEAN_DR);
}

void svm_step_enter(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *b = s->vmcb;

	/* What goes in now ends the shadow, and its handler's IRET comes before the one waited for.
	 */
	if (b->event_inj & VMCB_EVENT_VALID) {
		b->int_state = 0;
		if (s->care & CARE_IRET)
			svm_nmi_block(s, true);
		s->care &= ~CARE_CR8;
		return;
	}
	s->watching = true;
	s->entry_shadow = b->int_state & VMCB_INT_SHADOW;
	s->entry_rip = v->regs.rip;
	if (step_is_wanted(s))
		step_begin(s, &v->regs);
}

/* The instruction is done: the shadow is over, and an IRET has ended the blocking of NMIs. */
static void step_done(struct vcpu *v, struct vm_exit *e)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *b = s->vmcb;

	b->int_state = 0;
	if (s->guest_tf || b->dr6 & MASK(3, 0)) {
		v->inject = (struct vcpu_event){ .kind = INJECT_EXCEPTION, .vector = VECTOR_DB };
		if (!s->guest_tf)
			b->dr6 = (b->dr6 & ~(uint64_t)DR6_BS) | (s->entry_dr6 & DR6_BS);
	} else {
		b->dr6 = s->entry_dr6;
	}
	if (s->care & CARE_IRET)
		svm_nmi_block(s, false);
	else if (!(s->care & CARE_NMI_WINDOW))
		svm_window_close(s);
	e->kind = s->care & CARE_NMI_WINDOW ? EXIT_NMI_WINDOW : EXIT_IRQ_WINDOW;
	s->care &= ~CARE_NMI_WINDOW;
}

/* Bochs leaves BS out of the DR6 that it stores; there RIP tells. */
static bool is_step(const struct vcpu *v, const struct vm_exit *e)
{
	const struct svm_vcpu *s = v->arch;

	return e->kind == EXIT_EXCEPTION && e->exception.vector == VECTOR_DB &&
	       (s->vmcb->dr6 & DR6_BS || v->regs.rip != s->entry_rip);
}

void svm_step_exit(struct vcpu *v, struct vm_exit *e)
{
	struct svm_vcpu *s = svm_of(v);
	struct vmcb *b = s->vmcb;
	bool stepped = s->stepping;

	s->watching = s->stepping = false;
	/* No instruction was completed: what came in between did not end the shadow. */
	if (s->entry_shadow && v->regs.rip == s->entry_rip)
		b->int_state |= VMCB_INT_SHADOW;
	if (!stepped)
		return;
	if (!s->guest_tf)
		v->regs.rflags &= ~RFLAGS_TF;
	b->intercept_exceptions = SVM_EXCEPTIONS;
	b->clean &= ~VMCB_CLEAN_DR;
	svm_window_set(s);
	s->care &= ~CARE_CR8;
	if (is_step(v, e))
		step_done(v, e);
	else
		b->dr6 |= s->entry_dr6 & DR6_BS;
}
