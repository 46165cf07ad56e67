/*
 * The local APIC through MSRs: x2APIC registers 0x800..0x8ff (SDM 3A 11.12) with their checks of
 * reserved bits, and IA32_APIC_BASE, which chooses the mode.
 */
#include "vmm/vlapic_state.h"

#include "arch/x86/cpu/features.h"

/* Bits that a write must leave zero; the ICR is apart. */
static uint64_t reserved_bits(unsigned reg)
{
	switch (reg) {
	case REG_EOI:
	case REG_ESR: return ~0ull;
	case REG_TPR:
	case REG_SELF_IPI: return ~MASK(7, 0);
	case REG_SVR: return ~MASK(9, 0);
	case REG_TIMER_DIVIDE: return ~0xbull;
	default: break;
	}
	if (reg >= REG_LVT && reg <= REG_LVT_LAST)
		return MASK(63, 32) | vlapic_lvt_reserved(reg);
	return MASK(63, 32);
}

#define ICR_RESERVED (MASK(31, 20) | MASK(17, 16) | BIT(13))

bool vlapic_msr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct vlapic *l = v->lapic;
	unsigned reg = index - MSR_X2APIC;

	if (!vlapic_is_x2apic(l))
		return false;
	if (reg == REG_ICR) {
		if (value & ICR_RESERVED)
			return false;
		l->reg[REG_ICR].value = (uint32_t)value & ~ICR_BUSY;
		l->reg[REG_ICR_HIGH].value = value >> 32;
		vlapic_send(l, value);
		return true;
	}
	if (LIKELY(reg == REG_EOI && !value)) {
		vlapic_end(l);
		return true;
	}
	if (LIKELY(reg == REG_SELF_IPI && !(value & ~MASK(7, 0)))) {
		vlapic_send(l, value | field_set(ICR_SHORTHAND, 0, SHORTHAND_SELF));
		return true;
	}
	if (value & reserved_bits(reg) || reg == REG_LDR || reg == REG_DFR)
		return false;
	return vlapic_reg_write(l, reg, (uint32_t)value);
}

bool vlapic_msr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	struct vlapic *l = v->lapic;
	unsigned reg = index - MSR_X2APIC;
	uint32_t low;

	if (!vlapic_is_x2apic(l) || reg == REG_DFR || reg == REG_APR || reg == REG_ICR_HIGH)
		return false;
	if (reg == REG_ICR) {
		*value = (uint64_t)l->reg[REG_ICR_HIGH].value << 32 | l->reg[REG_ICR].value;
		return true;
	}
	if (!vlapic_reg_read(l, reg, &low))
		return false;
	*value = low;
	return true;
}

bool vlapic_base_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	*value = v->lapic->base;
	return true;
}

/* SDM 3A figure 11-27: x2APIC is entered from xAPIC and left to disabled only. Disabling brings
   the registers to their state after reset. */
bool vlapic_base_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct vlapic *l = v->lapic;
	uint64_t known = APIC_BASE_BSP | APIC_BASE_X2APIC | APIC_BASE_ENABLE |
			 (ones(8) >> (64 - cpu_physical_bits()) & APIC_BASE_ADDRESS);
	bool was_on = l->base & APIC_BASE_ENABLE, was_x2 = vlapic_is_x2apic(l);
	bool on = value & APIC_BASE_ENABLE, x2 = value & APIC_BASE_X2APIC;

	if (value & ~known || (x2 && !on) || (x2 && !was_on) || (was_x2 && on && !x2))
		return false;
	l->base = value;
	if (was_on && !on) {
		vlapic_timer_stop(l);
		vlapic_state_reset(l);
	} else if (x2 && !was_x2) {
		l->reg[REG_ICR_HIGH].value = 0;
		vlapic_ids(l);
	}
	vlapic_cpu_mode(l);
	return true;
}
