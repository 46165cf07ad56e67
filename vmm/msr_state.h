/*
 * Inside the MSR model: the registers that it keeps for each vCPU, and the models that msr.def
 * names. Nobody else includes this, but the clock, whose state lives here.
 */
#ifndef VMM_MSR_STATE_H
#define VMM_MSR_STATE_H

#include "arch/x86/cpu/msr.h"
#include "vmm/msr.h"
#include "vmm/vclock.h"

#define MTRR_VARIABLE 8
#define MTRR_FIXED    11
#define MTRR_CAPS     (MTRR_VARIABLE | BIT(8) | BIT(10))

struct vmsrs {
	/* owner */
	uint64_t tsc_adjust;
	uint64_t mtrr_phys[2 * MTRR_VARIABLE]; /* base, mask */
	uint64_t mtrr_fixed[MTRR_FIXED];
	uint64_t mtrr_def_type;
	struct vclock clock;
};

typedef bool msr_read_fn(struct vcpu *v, uint32_t index, uint64_t *value);
typedef bool msr_write_fn(struct vcpu *v, uint32_t index, uint64_t value);
/* May this value be written? May change it to what is stored. */
typedef bool msr_check_fn(struct vcpu *v, uint64_t *value);

/* Non-zero top bits must all equal bit 47. */
static inline bool msr_is_canonical(uint64_t v)
{
	return (uint64_t)((int64_t)(v << 16) >> 16) == v;
}

/* msr_models.c */
msr_read_fn msr_tsc_read, msr_adjust_read;
msr_write_fn msr_tsc_write, msr_adjust_write;
msr_check_fn msr_check_aux, msr_check_efer, msr_check_pat;

/* msr_mtrr.c */
msr_read_fn msr_mtrr_read;
msr_write_fn msr_mtrr_write;
void msr_mtrr_reset(struct vmsrs *m);

#endif
