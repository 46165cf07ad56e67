/*
 * The local APIC as a guest uses it, through its page or, in x2APIC mode, through MSRs. Registers
 * go by their xAPIC offset (0x20, 0x80 ...) in both modes.
 */
#ifndef GUESTS_LIB_APIC_H
#define GUESTS_LIB_APIC_H

#include <stdbool.h>
#include <stdint.h>

#define APIC_PAGE 0xfee00000ul

enum {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100,
	APIC_IRR = 0x200,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310, /* xAPIC only */
	APIC_LVT_TIMER = 0x320,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
	APIC_SELF_IPI = 0x3f0, /* x2APIC only */
};

#define APIC_SPURIOUS_VECTOR 0xff

/* Switches the APIC on in xAPIC or x2APIC mode with every LVT entry masked. Leaving x2APIC goes
   through "disabled", as the manual asks. */
void apic_init(bool x2apic);
bool apic_is_x2apic(void);

uint32_t apic_read(unsigned reg);
void apic_write(unsigned reg, uint32_t value);
uint32_t apic_id(void);
void apic_eoi(void);

/* Fixed, edge, to this vCPU itself, through the ICR. */
void apic_self_ipi(unsigned vector);

/* Any message, by ICR: its low half, to the APIC of this ID. */
void apic_send(uint32_t id, uint32_t icr);

/* One interrupt `ns` from now; 0 stops the timer. Uses the counter, divided by 1. */
void apic_timer_oneshot(unsigned vector, uint64_t ns);

/* MSI address and data that reach this vCPU with `vector`. */
static inline uint64_t apic_msi_address(void)
{
	return APIC_PAGE | (uint64_t)(apic_id() & 0xff) << 12;
}

#endif
