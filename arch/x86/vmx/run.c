/*
 * One entry into the guest and the exit that ends it: the hot path of the backend. VMWRITE and
 * VMREAD cost more than memory: what the VMCS already holds is remembered and not written again,
 * and what only few exits need is read by decode.c.
 */
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define VAPIC_TPR 0x80 /* in the virtual-APIC page; the priority class is in bits 7:4 */

void vmx_threshold(struct vmx_vcpu *x, uint8_t threshold)
{
	if (x->threshold == threshold || !vmx_has(VMX_TPR_SHADOW))
		return;
	x->threshold = threshold;
	vmwrite(VMCS_TPR_THRESHOLD, threshold);
}

static void regs_load(struct vmx_vcpu *x, const struct vcpu_regs *r)
{
	if (r->rip != x->exit_rip)
		vmwrite(VMCS_GUEST_RIP, r->rip);
	if (UNLIKELY(r->gpr[GPR_RSP] != x->exit_rsp))
		vmwrite(VMCS_GUEST_RSP, r->gpr[GPR_RSP]);
	if (UNLIKELY(r->rflags != x->exit_rflags))
		vmwrite(VMCS_GUEST_RFLAGS, r->rflags);
}

static void regs_save(struct vmx_vcpu *x, struct vcpu_regs *r)
{
	r->rip = x->exit_rip = vmread(VMCS_GUEST_RIP);
	r->gpr[GPR_RSP] = x->exit_rsp = vmread(VMCS_GUEST_RSP);
	r->rflags = x->exit_rflags = vmread(VMCS_GUEST_RFLAGS);
}

/* VMLAUNCH or VMRESUME failed (reason 0), or the guest's state was refused. */
static COLD void entry_failed(struct vcpu *v, struct vm_exit *e, uint64_t reason)
{
	struct vmx_vcpu *x = v->arch;

	e->kind = EXIT_ENTRY_FAILED;
	e->insn_len = 0;
	e->reason = reason ? reason : vmread(VMCS_INSN_ERROR);
	vmx_dump(v, reason);
	/* Nothing was delivered, and no exit has cleared the event. */
	vmwrite(VMCS_ENTRY_EVENT, 0);
	x->exit_rip = v->regs.rip;
	x->exit_rsp = v->regs.gpr[GPR_RSP];
	x->exit_rflags = v->regs.rflags;
}

void vmx_run(struct vcpu *v, struct vm_exit *e)
{
	struct vmx_vcpu *x = vmx_use(v);
	uint32_t reason;

	if (UNLIKELY(!x->hosted))
		vmx_host_state(x);
	if (UNLIKELY(v->inject.kind != INJECT_NONE))
		vmx_event_load(v);
	regs_load(x, &v->regs);
	if (UNLIKELY(x->vapic[VAPIC_TPR] >> 4 != v->cr8))
		x->vapic[VAPIC_TPR] = v->cr8 << 4;
	if (UNLIKELY(x->threshold > v->cr8))
		vmx_threshold(x, v->cr8);
	if (LIKELY(vmx_has(VMX_TIMER)))
		vmx_timer_load(x, v->regs.rflags & RFLAGS_IF);

	if (UNLIKELY(!vmx_enter(x, &v->regs))) {
		entry_failed(v, e, 0);
		return;
	}
	reason = (uint32_t)vmread(VMCS_EXIT_REASON);
	if (UNLIKELY(reason & EXIT_REASON_ENTRY_FAILED)) {
		entry_failed(v, e, reason);
		return;
	}
	x->launched = true;
	regs_save(x, &v->regs);
	v->cr8 = x->vapic[VAPIC_TPR] >> 4;
	x->interruptibility = (uint32_t)vmread(VMCS_GUEST_INTERRUPTIBILITY);
	v->irq_shadow = x->interruptibility & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS);
	vmx_decode(v, e, reason);
}
