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

#define VLAPIC_REGS  64
#define VECTOR_WORDS 8 /* ISR, TMR and IRR, 32 bits each */

enum { LVT_TIMER, LVT_THERMAL, LVT_PMC, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

#define VLAPIC_VERSION 0x14u /* integrated; bits 23:16 are the highest LVT entry */

#define SVR_ENABLE BIT(8)

#define LVT_VECTOR     MASK(7, 0)
#define LVT_MODE       MASK(10, 8)
#define LVT_MASKED     BIT(16)
#define LVT_STATE      (BIT(14) | BIT(12)) /* read only */
#define LVT_TIMER_MODE MASK(18, 17)

enum { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_DEADLINE };

#define ICR_VECTOR    MASK(7, 0)
#define ICR_MODE      MASK(10, 8)
#define ICR_LOGICAL   BIT(11)
#define ICR_BUSY      (1u << 12) /* delivery status: always idle here */
#define ICR_ASSERT    BIT(14)
#define ICR_LEVEL     BIT(15)
#define ICR_SHORTHAND MASK(19, 18)

enum { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

#define ESR_SEND_VECTOR    BIT(5)
#define ESR_RECEIVE_VECTOR BIT(6)
#define ESR_REGISTER       BIT(7)

#define EVERYBODY (~0u)

/* One page. It begins with the registers as a CPU that helps (vlapic_cpu.c) wants them. */
struct vlapic {
	/* Register n at byte 16 * n. In x2APIC mode the ICR's destination is all of ICR_HIGH.
	   Owner, but: senders read SVR, LDR, DFR and write the TMR, atomically. While the CPU helps
	   it changes TPR, PPR, ISR and IRR as the guest runs, and each register that it lets the
	   guest write. */
	struct {
		uint32_t value, unused[3];
	} reg[VLAPIC_REGS];

	struct vcpu *vcpu; /* fixed */

	/* owner; base is read by senders */
	uint64_t base;     /* IA32_APIC_BASE */
	uint8_t isr_words; /* as v->irr_words */
	uint8_t mode;      /* enum apic_mode */
	hpa_t access;      /* what is at HV_GUEST_LAPIC in APIC_BY_PAGE; the domain's */
	bool eoi_offered;  /* the guest's word says that it may end what is in service there */
	uint64_t eoi_msr;  /* KVM's PV EOI: address of the word, bit 0: enabled */

	/* owner: the timer */
	uint8_t timer_mode, divide_shift; /* as LVT and divider say */
	uint64_t period;                  /* TSC ticks that the initial count takes */
	uint64_t deadline;                /* host TSC of the next expiry, 0: it does not run */
	uint64_t guest_deadline;
	struct timer timer;

	/* any CPU, atomically */
	uint32_t errors;  /* ESR bits since the guest last wrote ESR */
	bool tmr_changed; /* since a CPU that helps was told */
};

static inline bool vlapic_is_x2apic(const struct vlapic *l)
{
	return l->base & APIC_BASE_X2APIC;
}

/* The number of the highest bit of a word that has one: BSR. */
static inline unsigned vlapic_bsr(uint32_t word)
{
	return (unsigned)__builtin_clz(word) ^ 31;
}

/* The highest vector of IRR or ISR (`first`), given which words are not zero; one of them is. */
static inline unsigned vlapic_top(const struct vlapic *l, unsigned first, uint8_t words)
{
	unsigned n = vlapic_bsr(words);

	return n * 32 + vlapic_bsr(l->reg[first + n].value);
}

static inline void vlapic_request(struct vlapic *l, unsigned vector)
{
	l->reg[REG_IRR + vector / 32].value |= 1u << vector % 32;
	l->vcpu->irr_words |= 1u << vector / 32;
}

static inline bool vlapic_is_level(const struct vlapic *l, unsigned vector)
{
	return __atomic_load_n(&l->reg[REG_TMR + vector / 32].value, __ATOMIC_RELAXED) >>
		       vector % 32 &
	       1;
}

/* The request that comes now is an edge. Reads first: it nearly always was one before. */
static inline void vlapic_tmr_clear(struct vlapic *l, uint8_t vector)
{
	if (LIKELY(!vlapic_is_level(l, vector)))
		return;
	__atomic_fetch_and(&l->reg[REG_TMR + vector / 32].value, ~(1u << vector % 32),
			   __ATOMIC_RELAXED);
	__atomic_store_n(&l->tmr_changed, true, __ATOMIC_RELAXED);
}

/* vlapic.c */
void vlapic_merge(struct vlapic *l);
void vlapic_end(struct vlapic *l);
void vlapic_ids(struct vlapic *l);
uint32_t vlapic_tpr(const struct vlapic *l);
uint32_t vlapic_ppr(const struct vlapic *l);
void vlapic_error(struct vlapic *l, uint32_t esr_bit);
void vlapic_state_reset(struct vlapic *l);

/* vlapic_regs.c; false: no such register, or not readable or writable. */
bool vlapic_reg_read(struct vlapic *l, unsigned reg, uint32_t *value);
bool vlapic_reg_write(struct vlapic *l, unsigned reg, uint32_t value);
/* Bits of an LVT entry that are neither to be written nor a state. */
uint32_t vlapic_lvt_reserved(unsigned reg);

/* vlapic_dest.c */
void vlapic_send(struct vlapic *l, uint64_t icr);

/* vlapic_timer.c */
void vlapic_timer_fire(struct timer *t);
void vlapic_timer_start(struct vlapic *l, uint32_t initial);
void vlapic_timer_stop(struct vlapic *l);
uint32_t vlapic_timer_count(const struct vlapic *l);
void vlapic_timer_divide(struct vlapic *l, uint32_t divide);
void vlapic_timer_lvt(struct vlapic *l, uint32_t lvt);

/* vlapic_cpu.c */
void vlapic_cpu_init(struct vlapic *l);
/* After l->base, SVR or all registers have changed. */
void vlapic_cpu_mode(struct vlapic *l);
/* irr_words and isr_words anew from the registers. */
void vlapic_count(struct vlapic *l);
/* The same after what the CPU or the guest did without an exit. */
void vlapic_catch_up(struct vlapic *l);

/* vlapic_eoi.c: the guest has ended what is in service, if its word says so; it may not do so any
   more. */
void vlapic_eoi_take(struct vlapic *l);
void vlapic_eoi_withdraw(struct vlapic *l);

#endif
