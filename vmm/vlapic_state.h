/*
 * Inside the local APIC: its state, and what its files (registers, timer, destinations, MSRs) ask
 * of each other. Nobody else includes this. Registers go by their number: xAPIC offset / 16, which
 * is also the x2APIC MSR minus 0x800.
 */
#ifndef VMM_VLAPIC_STATE_H
#define VMM_VLAPIC_STATE_H

#include "arch/x86/cpu/msr.h"
#include "lib/bits.h"
#include "vmm/timer.h"
#include "vmm/vlapic.h"

enum vlapic_reg {
	REG_ID = 0x02,
	REG_VERSION = 0x03,
	REG_TPR = 0x08,
	REG_APR = 0x09,
	REG_PPR = 0x0a,
	REG_EOI = 0x0b,
	REG_LDR = 0x0d,
	REG_DFR = 0x0e,
	REG_SVR = 0x0f,
	REG_ISR = 0x10,
	REG_TMR = 0x18,
	REG_IRR = 0x20,
	REG_ESR = 0x28,
	REG_ICR = 0x30,
	REG_ICR_HIGH = 0x31,
	REG_LVT = 0x32,
	REG_LVT_LAST = 0x37,
	REG_TIMER_INITIAL = 0x38,
	REG_TIMER_CURRENT = 0x39,
	REG_TIMER_DIVIDE = 0x3e,
	REG_SELF_IPI = 0x3f,
};

enum { LVT_TIMER, LVT_THERMAL, LVT_PMC, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

#define VLAPIC_VERSION 0x14u /* integrated; bits 23:16 are the highest LVT entry */

#define SVR_ENABLE BIT(8)

#define LVT_VECTOR     MASK(7, 0)
#define LVT_MASKED     BIT(16)
#define LVT_TIMER_MODE MASK(18, 17)

enum { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_DEADLINE };

#define ICR_VECTOR    MASK(7, 0)
#define ICR_MODE      MASK(10, 8)
#define ICR_LOGICAL   BIT(11)
#define ICR_ASSERT    BIT(14)
#define ICR_LEVEL     BIT(15)
#define ICR_SHORTHAND MASK(19, 18)

enum { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

#define ESR_SEND_VECTOR    BIT(5)
#define ESR_RECEIVE_VECTOR BIT(6)
#define ESR_REGISTER       BIT(7)

#define EVERYBODY (~0u)

struct vlapic {
	struct vcpu *vcpu; /* fixed */

	/* owner; base, svr, ldr, dfr are read by senders */
	uint64_t base;           /* IA32_APIC_BASE */
	uint64_t irr[4], isr[4]; /* vector n is bit n % 64 of word n / 64 */
	uint64_t icr;            /* x2APIC layout: destination in the high half */
	uint32_t tpr;            /* as last written here; cr8 has the last word on bits 7:4 */
	uint32_t svr, ldr, dfr, esr;
	uint32_t lvt[LVT_COUNT];

	/* owner: the timer */
	uint32_t initial, divide;
	uint64_t period;   /* TSC ticks that `initial` takes */
	uint64_t deadline; /* host TSC of the next expiry, 0: it does not run */
	uint64_t guest_deadline;
	struct timer timer;

	/* any CPU, atomically */
	uint64_t tmr[4];
	uint32_t errors; /* ESR bits since the guest last wrote ESR */
};

static inline bool vlapic_is_x2apic(const struct vlapic *l)
{
	return l->base & APIC_BASE_X2APIC;
}

/* The highest bit set of 256, -1 if none. */
static inline int vlapic_highest(const uint64_t w[4])
{
	for (int i = 3; i >= 0; i--)
		if (w[i])
			return i * 64 + 63 - __builtin_clzll(w[i]);
	return -1;
}

/* The request that comes now is an edge. Reads first: it nearly always was one before. */
static inline void vlapic_tmr_clear(struct vlapic *l, uint8_t vector)
{
	uint64_t *tmr = &l->tmr[vector / 64];

	if (UNLIKELY(__atomic_load_n(tmr, __ATOMIC_RELAXED) & BIT(vector % 64)))
		__atomic_fetch_and(tmr, ~BIT(vector % 64), __ATOMIC_RELAXED);
}

/* vlapic.c */
void vlapic_merge(struct vlapic *l);
void vlapic_end(struct vlapic *l);
uint32_t vlapic_tpr(const struct vlapic *l);
uint32_t vlapic_ppr(const struct vlapic *l);
void vlapic_error(struct vlapic *l, uint32_t esr_bit);
void vlapic_state_reset(struct vlapic *l);

/* vlapic_regs.c; false: no such register, or not readable or writable. */
bool vlapic_reg_read(struct vlapic *l, unsigned reg, uint32_t *value);
bool vlapic_reg_write(struct vlapic *l, unsigned reg, uint32_t value);

/* vlapic_dest.c */
uint32_t vlapic_ldr(const struct vlapic *l);
void vlapic_send(struct vlapic *l, uint64_t icr);

/* vlapic_timer.c */
void vlapic_timer_fire(struct timer *t);
void vlapic_timer_start(struct vlapic *l, uint32_t initial);
void vlapic_timer_stop(struct vlapic *l);
uint32_t vlapic_timer_count(const struct vlapic *l);
void vlapic_timer_divide(struct vlapic *l, uint32_t divide);
void vlapic_timer_lvt(struct vlapic *l, uint32_t lvt);

#endif
