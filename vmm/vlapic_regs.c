/*
 * The local APIC's registers (SDM 3A 11.4 to 11.8), common to its page and its MSRs, and the page
 * itself. What differs between the two modes beyond that is in vlapic_msr.c.
 */
#include "vmm/vlapic_state.h"

/* Bits of each LVT entry that software may write. */
static const uint32_t lvt_writable[LVT_COUNT] = {
	[LVT_TIMER] = LVT_TIMER_MODE | LVT_MASKED | LVT_VECTOR,
	[LVT_THERMAL] = LVT_MASKED | MASK(10, 0),
	[LVT_PMC] = LVT_MASKED | MASK(10, 0),
	[LVT_LINT0] = LVT_MASKED | BIT(15) | BIT(13) | MASK(10, 0),
	[LVT_LINT1] = LVT_MASKED | BIT(15) | BIT(13) | MASK(10, 0),
	[LVT_ERROR] = LVT_MASKED | LVT_VECTOR,
};

static uint32_t read_bitmap(const uint64_t w[4], unsigned n)
{
	return w[n / 2] >> 32 * (n % 2);
}

static bool read_vectors(struct vlapic *l, unsigned reg, uint32_t *value)
{
	vlapic_merge(l);
	if (reg < REG_TMR)
		*value = read_bitmap(l->isr, reg - REG_ISR);
	else if (reg < REG_IRR)
		*value = read_bitmap(l->tmr, reg - REG_TMR);
	else
		*value = read_bitmap(l->irr, reg - REG_IRR);
	return true;
}

bool vlapic_reg_read(struct vlapic *l, unsigned reg, uint32_t *value)
{
	if (reg >= REG_ISR && reg < REG_ESR)
		return read_vectors(l, reg, value);
	if (reg >= REG_LVT && reg <= REG_LVT_LAST) {
		*value = l->lvt[reg - REG_LVT];
		return true;
	}
	switch (reg) {
	case REG_ID:
		*value = (uint32_t)l->vcpu->index << (vlapic_is_x2apic(l) ? 0 : 24);
		return true;
	case REG_VERSION: *value = VLAPIC_VERSION | (LVT_COUNT - 1) << 16; return true;
	case REG_TPR: *value = vlapic_tpr(l); return true;
	case REG_APR: *value = 0; return true;
	case REG_PPR: *value = vlapic_ppr(l); return true;
	case REG_LDR: *value = vlapic_ldr(l); return true;
	case REG_DFR: *value = l->dfr; return true;
	case REG_SVR: *value = l->svr; return true;
	case REG_ESR: *value = l->esr; return true;
	case REG_ICR: *value = (uint32_t)l->icr; return true;
	case REG_ICR_HIGH: *value = l->icr >> 32 << 24; return true;
	case REG_TIMER_INITIAL: *value = l->initial; return true;
	case REG_TIMER_CURRENT: *value = vlapic_timer_count(l); return true;
	case REG_TIMER_DIVIDE: *value = l->divide; return true;
	default: return false;
	}
}

/* A software-disabled APIC keeps every LVT entry masked (SDM 3A 11.4.7.2). */
static void write_svr(struct vlapic *l, uint32_t value)
{
	vlapic_merge(l);
	l->svr = value & (SVR_ENABLE | MASK(7, 0));
	if (value & SVR_ENABLE)
		return;
	for (unsigned i = 0; i < LVT_COUNT; i++)
		l->lvt[i] |= LVT_MASKED;
}

static void write_lvt(struct vlapic *l, unsigned n, uint32_t value)
{
	value &= lvt_writable[n];
	if (!(l->svr & SVR_ENABLE))
		value |= LVT_MASKED;
	if (n == LVT_TIMER)
		vlapic_timer_lvt(l, value);
	l->lvt[n] = value;
}

bool vlapic_reg_write(struct vlapic *l, unsigned reg, uint32_t value)
{
	if (reg >= REG_LVT && reg <= REG_LVT_LAST) {
		write_lvt(l, reg - REG_LVT, value);
		return true;
	}
	switch (reg) {
	case REG_EOI: vlapic_end(l); return true;
	case REG_TPR:
		l->tpr = value & 0xff;
		l->vcpu->cr8 = l->tpr >> 4;
		return true;
	case REG_LDR: l->ldr = value & MASK(31, 24); return true;
	case REG_DFR: l->dfr = value | MASK(27, 0); return true;
	case REG_SVR: write_svr(l, value); return true;
	case REG_ESR: l->esr = __atomic_exchange_n(&l->errors, 0, __ATOMIC_RELAXED); return true;
	case REG_TIMER_INITIAL: vlapic_timer_start(l, value); return true;
	case REG_TIMER_DIVIDE: vlapic_timer_divide(l, value & 0xb); return true;
	default: return false;
	}
}

/* In memory the destination has eight bits, the highest of the ICR's high register. */
static void write_icr(struct vlapic *l, uint32_t low)
{
	uint32_t dest = l->icr >> 32;

	l->icr = (uint64_t)dest << 32 | (low & ~BIT(12));
	vlapic_send(l, (uint64_t)(dest == 0xff ? EVERYBODY : dest) << 32 | low);
}

/* A write to a register that can only be read is dropped; one to none at all is an error. */
static void mmio_write(struct vlapic *l, unsigned reg, uint32_t value)
{
	uint32_t ignored;

	if (reg == REG_ICR)
		write_icr(l, value);
	else if (reg == REG_ICR_HIGH)
		l->icr = (uint32_t)l->icr | (uint64_t)(value >> 24) << 32;
	else if (!vlapic_reg_write(l, reg, value) && !vlapic_reg_read(l, reg, &ignored))
		vlapic_error(l, ESR_REGISTER);
}

/* Registers are 32 bits at multiples of 16. Parts of one may be read; other writes are dropped. */
enum verdict vlapic_mmio(struct vcpu *v, struct io_access *a)
{
	unsigned offset = a->address & PAGE_MASK, reg = offset / 16;
	uint32_t value = 0;

	if (a->write) {
		if (a->size == 4 && offset % 16 == 0)
			mmio_write(v->lapic, reg, (uint32_t)a->data);
		return VERDICT_DONE;
	}
	if (offset % 16 < 4 && !vlapic_reg_read(v->lapic, reg, &value))
		vlapic_error(v->lapic, ESR_REGISTER);
	a->data = (uint64_t)value >> offset % 4 * 8 & ones(a->size);
	return VERDICT_DONE;
}
