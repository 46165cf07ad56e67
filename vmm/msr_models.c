/*
 * MSRs with a meaning of their own: the TSC and its adjustment, and the checks of TSC_AUX, EFER and
 * PAT (SDM 3A 2.2.1, 11.12.4; APM 2 3.1.7).
 */
#include "vmm/msr_state.h"

#include "arch/x86/cpu/regs.h"
#include "arch/x86/cpu/tsc.h"
#include "vmm/backend.h"
#include "vmm/cpuid.h"
#include "vmm/vlapic.h"

static void move_tsc(struct vcpu *v, uint64_t delta)
{
	v->tsc_offset += delta;
	v->msrs->tsc_adjust += delta;
	backend->tsc_changed(v);
	vlapic_tsc_changed(v);
	vclock_tsc_moved(v);
}

bool msr_tsc_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	*value = tsc_read() + v->tsc_offset;
	return true;
}

bool msr_tsc_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	move_tsc(v, value - (tsc_read() + v->tsc_offset));
	return true;
}

bool msr_adjust_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	*value = v->msrs->tsc_adjust;
	return true;
}

bool msr_adjust_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	move_tsc(v, value - v->msrs->tsc_adjust);
	return true;
}

bool msr_check_aux(struct vcpu *v, uint64_t *value)
{
	return !(*value >> 32);
}

/* LMA follows LME and paging, and is not written; LME does not change while paging is on. */
bool msr_check_efer(struct vcpu *v, uint64_t *value)
{
	struct cpuid c = cpuid_guest(v, 0x80000001, 0);
	uint64_t known = EFER_SCE | EFER_LME | EFER_LMA, old;
	struct vcpu_mode mode;

	if (c.edx & BIT(20))
		known |= EFER_NXE;
	if (c.edx & BIT(25))
		known |= EFER_FFXSR;
	backend->get_mode(v, &mode);
	old = mode.efer & known;
	if (*value & ~known || (mode.cr0 & CR0_PG && (*value ^ old) & EFER_LME))
		return false;
	*value = (*value & ~EFER_LMA) | (old & EFER_LMA);
	return true;
}

bool msr_check_pat(struct vcpu *v, uint64_t *value)
{
	const unsigned valid = BIT(MEMORY_UC) | BIT(MEMORY_WC) | BIT(MEMORY_WT) | BIT(MEMORY_WP) |
			       BIT(MEMORY_WB) | BIT(MEMORY_UC_MINUS);

	for (unsigned i = 0; i < 64; i += 8) {
		uint64_t type = *value >> i & 0xff;

		if (type > MEMORY_UC_MINUS || !(valid & BIT(type)))
			return false;
	}
	return true;
}
