/*
 * MSRs that the VMCS or the CPU holds for a guest. Those of SYSCALL and SWAPGS are in the CPU from
 * switch_in to switch_out, the others in fields that entries load and exits store.
 */
#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/vmx_vcpu.h"

/* What entries accept. LMA follows CR0.PG, in the CPU. */
#define EFER_WRITABLE (EFER_SCE | EFER_LME | EFER_NXE)

#define NO_FIELD 0 /* is VPID's, which no MSR is */

static enum vmcs_field msr_field(uint32_t index)
{
	switch (index) {
	case MSR_FS_BASE: return VMCS_GUEST_ES_BASE + 2 * SEG_FS;
	case MSR_GS_BASE: return VMCS_GUEST_ES_BASE + 2 * SEG_GS;
	case MSR_SYSENTER_CS: return VMCS_GUEST_SYSENTER_CS;
	case MSR_SYSENTER_ESP: return VMCS_GUEST_SYSENTER_ESP;
	case MSR_SYSENTER_EIP: return VMCS_GUEST_SYSENTER_EIP;
	case MSR_PAT: return VMCS_GUEST_PAT;
	case MSR_DEBUGCTL: return VMCS_GUEST_DEBUGCTL;
	case MSR_EFER: return VMCS_GUEST_EFER;
	default: return NO_FIELD;
	}
}

/* Where a register is while another vCPU has the CPU's. */
static uint64_t *msr_slot(struct vcpu *v, uint32_t index)
{
	struct vmx_vcpu *x = v->arch;

	switch (index) {
	case MSR_STAR: return &x->star;
	case MSR_LSTAR: return &x->lstar;
	case MSR_CSTAR: return &x->cstar;
	case MSR_SFMASK: return &x->sfmask;
	case MSR_KERNEL_GS_BASE: return &x->kernel_gs_base;
	case MSR_TSC_AUX: return cpu_has(CPU_RDTSCP) ? &v->tsc_aux : NULL;
	default: return NULL;
	}
}

bool vmx_msr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	const struct vmx_vcpu *x = vmx_use(v);
	enum vmcs_field field = msr_field(index);
	const uint64_t *slot = msr_slot(v, index);

	if (field != NO_FIELD)
		*value = vmread(field);
	else if (slot != NULL)
		*value = x->loaded ? msr_read(index) : *slot;
	return field != NO_FIELD || slot != NULL;
}

bool vmx_msr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	const struct vmx_vcpu *x = vmx_use(v);
	enum vmcs_field field = msr_field(index);
	uint64_t *slot = msr_slot(v, index);

	if (index == MSR_EFER)
		value = (value & EFER_WRITABLE) | (vmread(VMCS_GUEST_EFER) & EFER_LMA);
	if (index == MSR_TSC_AUX)
		value = (uint32_t)value;
	if (field != NO_FIELD)
		vmwrite(field, value);
	if (slot != NULL) {
		*slot = value;
		if (x->loaded)
			msr_write(index, value);
	}
	return field != NO_FIELD || slot != NULL;
}
