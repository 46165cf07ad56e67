/*
 * Events on their way into a guest, and the windows that tell when one may go in. An entry refuses
 * what could not happen on a CPU (SDM 3C 27.2.1.3, 27.3.1.5): an event goes in together with what
 * its delivery would leave behind. NMI blocking is the CPU's work (virtual NMIs).
 */
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define SHADOW       (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)
#define DEBUGCTL_LBR BIT(0)
#define DEBUGCTL_BTF BIT(1)
#define ERROR_BITS   MASK(15, 0)

/* Exceptions that push an error code (27.2.1.3). */
#define HAS_ERROR                                                                                  \
	(BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) |      \
	 BIT(VECTOR_PF) | BIT(VECTOR_AC))

void vmx_interruptibility(struct vcpu *v, uint32_t value)
{
	struct vmx_vcpu *x = v->arch;
	uint64_t pending, stepping;

	if (x->interruptibility != value)
		vmwrite(VMCS_GUEST_INTERRUPTIBILITY, value);
	x->interruptibility = value;
	if (LIKELY(!(value & SHADOW)))
		return;
	/* In a shadow the pending debug exceptions must tell whether TF traps after it. */
	stepping = v->regs.rflags & RFLAGS_TF && !(vmread(VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF)
			   ? PENDING_DEBUG_BS
			   : 0;
	pending = vmread(VMCS_GUEST_PENDING_DEBUG);
	vmwrite(VMCS_GUEST_PENDING_DEBUG, (pending & ~PENDING_DEBUG_BS) | stepping);
}

void vmx_shadow_clear(struct vcpu *v)
{
	struct vmx_vcpu *x = vmx_use(v);

	vmx_interruptibility(v, x->interruptibility & ~SHADOW);
}

/* What the delivery of #DB does beside DR6, and its injection does not (SDM 3B 19.2.4, 19.4.3). */
static void debug_delivery(void)
{
	uint64_t control = vmread(VMCS_GUEST_DEBUGCTL);

	vmwrite(VMCS_GUEST_DR7, vmread(VMCS_GUEST_DR7) & ~DR7_GD);
	if (control & (DEBUGCTL_LBR | DEBUGCTL_BTF))
		vmwrite(VMCS_GUEST_DEBUGCTL, control & ~(DEBUGCTL_LBR | DEBUGCTL_BTF));
}

/* In real mode no exception pushes an error code. */
static uint32_t pack_exception(const struct vcpu_event *e)
{
	uint32_t w = field_set(VMX_EVENT_TYPE, e->vector, VMX_EVENT_EXCEPTION);

	if (e->vector == VECTOR_DB)
		debug_delivery();
	if (BIT(e->vector) & HAS_ERROR && vmread(VMCS_GUEST_CR0) & CR0_PE) {
		vmwrite(VMCS_ENTRY_EVENT_ERROR, e->error & ERROR_BITS);
		w |= VMX_EVENT_HAS_ERROR;
	}
	return w;
}

/* INT1, which comes as an exit and would leave again. */
static uint32_t pack_icebp(const struct vcpu_event *e)
{
	debug_delivery();
	vmwrite(VMCS_ENTRY_INSN_LENGTH, e->insn_len);
	return field_set(VMX_EVENT_TYPE, VECTOR_DB, VMX_EVENT_ICEBP);
}

void vmx_event_load(struct vcpu *v)
{
	struct vmx_vcpu *x = v->arch;
	struct vcpu_event e = v->inject;
	uint32_t ended = SHADOW, w = e.vector;

	v->inject.kind = INJECT_NONE;
	switch (e.kind) {
	case INJECT_IRQ: break;
	case INJECT_NMI:
		/* One that goes in again has blocked NMIs already. */
		ended |= BLOCKED_BY_NMI;
		w = field_set(VMX_EVENT_TYPE, VECTOR_NMI, VMX_EVENT_NMI);
		break;
	case INJECT_EXCEPTION: w = pack_exception(&e); break;
	default:
		/* INT n, INT3, INTO: RIP is at the instruction, which simply runs again. */
		if (e.vector != VECTOR_DB)
			return;
		w = pack_icebp(&e);
	}
	vmx_interruptibility(v, x->interruptibility & ~ended);
	vmwrite(VMCS_ENTRY_EVENT, w | VMX_EVENT_VALID);
}

void vmx_event_save(struct vcpu *v, uint32_t vectoring)
{
	struct vcpu_event e = {
		.vector = field_get(VMX_EVENT_VECTOR, vectoring),
		.has_error = vectoring & VMX_EVENT_HAS_ERROR,
	};

	switch (field_get(VMX_EVENT_TYPE, vectoring)) {
	case VMX_EVENT_IRQ: e.kind = INJECT_IRQ; break;
	case VMX_EVENT_NMI: e.kind = INJECT_NMI; break;
	case VMX_EVENT_EXCEPTION: e.kind = INJECT_EXCEPTION; break;
	default: return; /* RIP is at the instruction, see above */
	}
	if (e.has_error)
		e.error = (uint32_t)vmread(VMCS_VECTORING_ERROR);
	v->inject = e;
}

bool vmx_can_inject(struct vcpu *v, enum event_kind kind)
{
	const struct vmx_vcpu *x = v->arch;

	if (v->inject.kind != INJECT_NONE)
		return false;
	if (kind != INJECT_IRQ && kind != INJECT_NMI)
		return true;
	if (x->interruptibility & SHADOW)
		return false;
	return kind == INJECT_IRQ ? v->regs.rflags & RFLAGS_IF
				  : !(x->interruptibility & BLOCKED_BY_NMI);
}

static void set_controls(struct vmx_vcpu *x, uint32_t controls)
{
	if (x->cpu_controls == controls)
		return;
	x->cpu_controls = controls;
	vmwrite(VMCS_CPU_CONTROLS, controls);
}

static uint32_t window(enum event_kind kind)
{
	return kind == INJECT_NMI ? CPU_NMI_WINDOW : CPU_IRQ_WINDOW;
}

void vmx_ask_window(struct vcpu *v, enum event_kind kind)
{
	struct vmx_vcpu *x = vmx_use(v);

	set_controls(x, x->cpu_controls | window(kind));
}

void vmx_window_close(struct vmx_vcpu *x, enum event_kind kind)
{
	set_controls(x, x->cpu_controls & ~window(kind));
}

/* Without the TPR shadow every write to CR8 exits, and vmm sees it fall. */
void vmx_ask_cr8(struct vcpu *v, uint8_t below)
{
	vmx_threshold(vmx_use(v), below);
}
