/*
 * MSRs that the VMCB or the CPU holds for a guest.
 */
#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/svm/svm_vcpu.h"

/* What VMRUN accepts on every CPU. LMA follows CR0.PG, in the CPU. */
#define EFER_WRITABLE (EFER_SCE | EFER_LME | EFER_NXE | EFER_FFXSR)

/* Where a register is that needs no more than being stored, and its clean bit. */
static uint64_t *msr_slot(struct vmcb *b, uint32_t index, uint64_t *clean)
{
	*clean = 0;
	switch (index) {
	case MSR_STAR: return &b->star;
	case MSR_LSTAR: return &b->lstar;
	case MSR_CSTAR: return &b->cstar;
	case MSR_SFMASK: return &b->sfmask;
	case MSR_KERNEL_GS_BASE: return &b->kernel_gs_base;
	case MSR_FS_BASE: return &b->segment[VMCB_FS].base;
	case MSR_GS_BASE: return &b->segment[VMCB_GS].base;
	case MSR_SYSENTER_CS: return &b->sysenter_cs;
	case MSR_SYSENTER_ESP: return &b->sysenter_esp;
	case MSR_SYSENTER_EIP: return &b->sysenter_eip;
	case MSR_PAT: *clean = VMCB_CLEAN_NESTED; return &b->pat;
	case MSR_DEBUGCTL: *clean = VMCB_CLEAN_LBR; return &b->debugctl;
	default: return NULL;
	}
}

bool svm_msr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	struct vmcb *b = svm_vmcb(v);
	uint64_t clean, *slot;

	if (index == MSR_EFER) {
		*value = b->efer & ~(uint64_t)EFER_SVME;
		return true;
	}
	if (index == MSR_TSC_AUX && cpu_has(CPU_RDTSCP)) {
		*value = svm_of(v)->loaded ? msr_read(MSR_TSC_AUX) : v->tsc_aux;
		return true;
	}
	slot = msr_slot(b, index, &clean);
	if (slot != NULL)
		*value = *slot;
	return slot != NULL;
}

bool svm_msr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct vmcb *b = svm_vmcb(v);
	uint64_t clean, *slot;

	if (index == MSR_EFER) {
		b->efer = (value & EFER_WRITABLE) | (b->efer & EFER_LMA) | EFER_SVME;
		b->clean &= ~VMCB_CLEAN_CR;
		return true;
	}
	if (index == MSR_TSC_AUX && cpu_has(CPU_RDTSCP)) {
		v->tsc_aux = (uint32_t)value;
		if (svm_of(v)->loaded)
			msr_write(MSR_TSC_AUX, v->tsc_aux);
		return true;
	}
	slot = msr_slot(b, index, &clean);
	if (slot == NULL)
		return false;
	*slot = value;
	b->clean &= ~clean;
	return true;
}
