/*
 * The machine's I/O APICs: lines (GSIs) to vectors. All lines are masked until routed. An ISA
 * interrupt's line is acpi_isa_irq(irq).gsi. One lock inside: any CPU may call.
 */
#ifndef DRIVERS_IOAPIC_H
#define DRIVERS_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

/* Maps and masks all of them. After acpi_init. Also silences the 8259 pair. */
void ioapic_init(void);

struct ioapic_route {
	uint8_t vector;
	uint32_t apic_id;
	bool level, low;
};

/* Routes a line and leaves it masked. Errors: NOENT (no such line). */
must_check enum err ioapic_route(uint32_t gsi, const struct ioapic_route *r);
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);

#endif
