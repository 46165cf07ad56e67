/*
 * The local APIC's registers (SDM 3A 11.4 to 11.8), common to its page and its MSRs, and the page
 * itself. What differs between the two modes beyond that is in vlapic_msr.c.
 */
#include "vmm/vlapic_state.h"

#include "vmm/vpic.h"

/* Bits of each LVT entry that software may write. */
static const uint32_t lvt_writable[LVT_COUNT] = {
	[LVT_TIMER] = LVT_TIMER_MODE | LVT_MASKED | LVT_VECTOR,
	[LVT_THERMAL] = LVT_MASKED | MASK(10, 0),
	[LVT_PMC] = LVT_MASKED | MASK(10, 0),
	[LVT_LINT0] = LVT_MASKED | BIT(15) | BIT(13) | MASK(10, 0),
	[LVT_LINT1] = LVT_MASKED | BIT(15) | BIT(13) | MASK(10, 0),
	[LVT_ERROR] = LVT_MASKED | LVT_VECTOR,
};

/* Registers that read as they stand in l->reg. */
#define PLAIN                                                                                      \
	(BIT(REG_ID) | BIT(REG_VERSION) | BIT(REG_APR) | BIT(REG_LDR) | BIT(REG_DFR) |             \
	 BIT(REG_SVR) | BIT(REG_ESR) | BIT(REG_ICR) | BIT(REG_ICR_HIGH) |                          \
	 MASK(REG_LVT_LAST, REG_LVT) | BIT(REG_TIMER_INITIAL) | BIT(REG_TIMER_DIVIDE))

bool vlapic_reg_read(struct vlapic *l, unsigned reg, uint32_t *value)
{
	if (LIKELY(reg < VLAPIC_REGS && PLAIN >> reg & 1)) {
		*value = l->reg[reg].value;
		return true;
	}
	if (reg >= REG_ISR && reg < REG_ESR) {
		vlapic_merge(l);
		vlapic_catch_up(l);
		*value = l->reg[reg].value;
		return true;
	}
	switch (reg) {
	case REG_TPR: *value = vlapic_tpr(l); return true;
	case REG_PPR:
		vlapic_catch_up(l);
		*value = vlapic_ppr(l);
		return true;
	case REG_TIMER_CURRENT: *value = vlapic_timer_count(l); return true;
	default: return false;
	}
}

uint32_t vlapic_lvt_reserved(unsigned reg)
{
	return ~(lvt_writable[reg - REG_LVT] | LVT_STATE);
}

/* A software-disabled APIC keeps every LVT entry masked (SDM 3A 11.4.7.2). */
static void write_svr(struct vlapic *l, uint32_t value)
{
	vlapic_merge(l);
	l->reg[REG_SVR].value = value & (SVR_ENABLE | MASK(7, 0));
	vlapic_cpu_mode(l);
	if (value & SVR_ENABLE)
		return;
	for (unsigned i = REG_LVT; i <= REG_LVT_LAST; i++)
		l->reg[i].value |= LVT_MASKED;
}

static void write_lvt(struct vlapic *l, unsigned reg, uint32_t value)
{
	value &= lvt_writable[reg - REG_LVT];
	if (!(l->reg[REG_SVR].value & SVR_ENABLE))
		value |= LVT_MASKED;
	if (reg == REG_LVT + LVT_TIMER)
		vlapic_timer_lvt(l, value);
	l->reg[reg].value = value;
	if (reg == REG_LVT + LVT_LINT0)
		vpic_look(l->vcpu);
}

bool vlapic_reg_write(struct vlapic *l, unsigned reg, uint32_t value)
{
	if (reg >= REG_LVT && reg <= REG_LVT_LAST) {
		write_lvt(l, reg, value);
		return true;
	}
	switch (reg) {
	case REG_EOI: vlapic_end(l); return true;
	case REG_TPR:
		l->reg[reg].value = value & 0xff;
		l->vcpu->cr8 = (value & 0xff) >> 4;
		l->vcpu->apic_stale = l->vcpu->apic_by_cpu;
		return true;
	case REG_LDR: l->reg[reg].value = value & MASK(31, 24); return true;
	case REG_DFR: l->reg[reg].value = value | MASK(27, 0); return true;
	case REG_SVR: write_svr(l, value); return true;
	case REG_ESR:
		l->reg[reg].value = __atomic_exchange_n(&l->errors, 0, __ATOMIC_RELAXED);
		return true;
	case REG_TIMER_INITIAL: vlapic_timer_start(l, value); return true;
	case REG_TIMER_DIVIDE: vlapic_timer_divide(l, value & 0xb); return true;
	default: return false;
	}
}

/* In memory the destination has eight bits, the highest of the ICR's high register. */
static void write_icr(struct vlapic *l, uint32_t low)
{
	uint32_t dest = l->reg[REG_ICR_HIGH].value >> 24;

	l->reg[REG_ICR].value = low & ~ICR_BUSY;
	vlapic_send(l, (uint64_t)(dest == 0xff ? EVERYBODY : dest) << 32 | low);
}

/* A write to a register that can only be read is dropped; one to none at all is an error. */
static COLD void write_other(struct vlapic *l, unsigned reg, uint32_t value)
{
	uint32_t ignored;

	if (!vlapic_reg_write(l, reg, value) && !vlapic_reg_read(l, reg, &ignored))
		vlapic_error(l, ESR_REGISTER);
}

static void mmio_write(struct vlapic *l, unsigned reg, uint32_t value)
{
	if (LIKELY(reg == REG_EOI))
		vlapic_end(l);
	else if (LIKELY(reg == REG_ICR))
		write_icr(l, value);
	else if (reg == REG_ICR_HIGH)
		l->reg[reg].value = value & MASK(31, 24);
	else
		write_other(l, reg, value);
}

static NOINLINE void mmio_read(struct vlapic *l, struct io_access *a)
{
	unsigned offset = a->address & PAGE_MASK;
	uint32_t value = 0;

	if (offset % 16 < 4 && !vlapic_reg_read(l, offset / 16, &value))
		vlapic_error(l, ESR_REGISTER);
	a->data = (uint64_t)value >> offset % 4 * 8 & ones(a->size);
}

/* Registers are 32 bits at multiples of 16. Parts of one may be read; other writes are dropped. */
enum verdict vlapic_mmio(struct vcpu *v, struct io_access *a)
{
	unsigned offset = a->address & PAGE_MASK;

	if (!a->write)
		mmio_read(v->lapic, a);
	else if (LIKELY(a->size == 4 && offset % 16 == 0))
		mmio_write(v->lapic, offset / 16, (uint32_t)a->data);
	return VERDICT_DONE;
}

/* Read-only ones get back what they had. */
void vlapic_written(struct vcpu *v, unsigned reg)
{
	struct vlapic *l = v->lapic;
	uint32_t value = l->reg[reg].value;

	if (reg == REG_ID)
		vlapic_ids(l);
	else if (reg == REG_SELF_IPI)
		vlapic_send(l, value | field_set(ICR_SHORTHAND, 0, SHORTHAND_SELF));
	else
		mmio_write(l, reg, value);
}
