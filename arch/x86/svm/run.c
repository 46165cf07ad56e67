/*
 * One entry into the guest and the exit that ends it: the hot path of the backend. Everything that
 * is not needed each time hides behind a test of one field.
 */
#include "arch/x86/svm/caps.h"
#include "arch/x86/svm/svm_vcpu.h"

static void regs_load(struct vmcb *b, const struct vcpu_regs *r)
{
	b->rax = r->gpr[GPR_RAX];
	b->rsp = r->gpr[GPR_RSP];
	b->rip = r->rip;
	b->rflags = r->rflags;
}

static void regs_save(const struct vmcb *b, struct vcpu_regs *r)
{
	r->gpr[GPR_RAX] = b->rax;
	r->gpr[GPR_RSP] = b->rsp;
	r->rip = b->rip;
	r->rflags = b->rflags;
}

void svm_run(struct vcpu *v, struct vm_exit *e)
{
	struct svm_vcpu *s = v->arch;
	struct vmcb *b = s->vmcb;

	b->event_inj = UNLIKELY(v->inject.kind != INJECT_NONE) ? svm_event_load(v) : 0;
	if (UNLIKELY(b->int_state & VMCB_INT_SHADOW || s->care))
		svm_step_enter(v);
	b->v_tpr = v->cr8;
	regs_load(b, &v->regs);

	svm_enter(s, &v->regs);

	regs_save(b, &v->regs);
	v->cr8 = b->v_tpr & VMCB_V_TPR;
	b->clean = svm_caps.clean;
	if (UNLIKELY(b->tlb_control != VMCB_TLB_KEEP))
		svm_flushed(b);
	if (UNLIKELY(b->exit_int_info & VMCB_EVENT_VALID))
		svm_event_save(v);
	if (UNLIKELY(s->watching)) {
		svm_decode(v, e);
		svm_step_exit(v, e);
		v->irq_shadow = b->int_state & VMCB_INT_SHADOW;
		return;
	}
	v->irq_shadow = b->int_state & VMCB_INT_SHADOW;
	svm_decode(v, e);
}
