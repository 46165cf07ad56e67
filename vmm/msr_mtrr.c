/*
 * MTRRs (SDM 3A 11.11): guests find them as firmware would leave them, write-back everywhere, and
 * may write them; what they write is kept and has no effect, since nested paging and the guest's
 * PAT decide memory types.
 */
#include "vmm/msr_state.h"

#include "lib/string.h"

#define DEF_TYPE_FIXED BIT(10)
#define DEF_TYPE_KNOWN (MTRR_DEF_TYPE_ENABLE | DEF_TYPE_FIXED | MASK(7, 0))

void msr_mtrr_reset(struct vmsrs *m)
{
	memset(m->mtrr_phys, 0, sizeof(m->mtrr_phys));
	memset(m->mtrr_fixed, MEMORY_WB, sizeof(m->mtrr_fixed));
	m->mtrr_def_type = MTRR_DEF_TYPE_ENABLE | DEF_TYPE_FIXED | MEMORY_WB;
}

static bool type_is_valid(uint64_t type)
{
	return type == MEMORY_UC || type == MEMORY_WC || (type >= MEMORY_WT && type <= MEMORY_WB);
}

static bool types_are_valid(uint64_t eight)
{
	for (unsigned i = 0; i < 64; i += 8)
		if (!type_is_valid(eight >> i & 0xff))
			return false;
	return true;
}

static uint64_t *fixed(struct vmsrs *m, uint32_t index)
{
	if (index >= MSR_MTRR_FIX_4K)
		return &m->mtrr_fixed[3 + index - MSR_MTRR_FIX_4K];
	if (index >= MSR_MTRR_FIX_16K)
		return &m->mtrr_fixed[1 + index - MSR_MTRR_FIX_16K];
	return &m->mtrr_fixed[0];
}

static uint64_t *place(struct vmsrs *m, uint32_t index)
{
	if (index == MSR_MTRR_DEF_TYPE)
		return &m->mtrr_def_type;
	if (index >= MSR_MTRR_FIX_64K)
		return fixed(m, index);
	return &m->mtrr_phys[index - MSR_MTRR_PHYS_BASE0];
}

static bool is_valid(uint32_t index, uint64_t value)
{
	if (index == MSR_MTRR_DEF_TYPE)
		return !(value & ~DEF_TYPE_KNOWN) && type_is_valid(value & 0xff);
	if (index >= MSR_MTRR_FIX_64K)
		return types_are_valid(value);
	if (index % 2) /* a mask */
		return !(value & (MASK(63, 52) | MASK(10, 0)));
	return !(value & (MASK(63, 52) | MASK(11, 8))) && type_is_valid(value & 0xff);
}

bool msr_mtrr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	*value = *place(v->msrs, index);
	return true;
}

bool msr_mtrr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	if (!is_valid(index, value))
		return false;
	*place(v->msrs, index) = value;
	return true;
}
