/*
 * This CPU's local APIC: x2APIC where the CPU has it, else the memory-mapped one. Vectors of the
 * host are in irq.h.
 */
#ifndef ARCH_X86_CPU_LAPIC_H
#define ARCH_X86_CPU_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define LAPIC_TIMER_OFF (~0ull)

/* Where the registers are in memory, from IA32_APIC_BASE. */
hpa_t lapic_base(void);
/* True if this CPU's APIC will be driven through MSRs: lapic_init needs no registers then. */
bool lapic_uses_x2apic(void);

/* Each CPU: enables its APIC, masks all local lines but NMI, accepts every priority. `registers`
   is lapic_base() mapped uncached (the same for all CPUs), unused with x2APIC. */
void lapic_init(volatile void *registers);

uint32_t lapic_id(void);
void lapic_eoi(void);
/* Before this CPU halts, and after an interrupt window. QEMU's VMRUN, where it asks for one, may
   lose the request that another of its threads makes at that moment: the vector stays in IRR and
   nobody looks. A write to TPR makes it look. It has no x2APIC, so others are spared. */
void lapic_look_again(void);

/* Fixed, edge. The caller's stores are seen by the target before the interrupt is. */
void lapic_ipi(uint32_t apic_id, uint8_t vector);
/* An NMI to every CPU but this one: for a panic. */
void lapic_nmi_others(void);
/* Starts of application processors. page: 4 KiB-aligned address below 1 MiB. */
void lapic_init_ipi(uint32_t apic_id);
void lapic_startup_ipi(uint32_t apic_id, hpa_t page);

/* IRQ_VECTOR_TIMER once the TSC has reached the deadline, at once if it has already;
   LAPIC_TIMER_OFF: not at all. Replaces the former deadline. Needs tsc and lapic_timer_init. */
void lapic_timer_arm(uint64_t tsc_deadline);
/* Boot CPU, after tsc_init: measures the timer where there is no TSC deadline mode. */
void lapic_timer_init(void);

#endif
