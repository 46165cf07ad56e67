/*
 * The firmware's tables, as far as a hypervisor needs them: CPUs, interrupt controllers, ECAM,
 * clocks, reset and power-off. They are foreign bytes: every table is checked for bounds and sum;
 * a broken one is a warning that names it, and the fallback in struct acpi stays. The parsers in
 * acpi_parse.c are pure functions over byte buffers, tested and fuzzed on the host.
 */
#ifndef DRIVERS_ACPI_H
#define DRIVERS_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define ACPI_CPUS      64
#define ACPI_IOAPICS   8
#define ACPI_OVERRIDES 24
#define ACPI_ECAMS     8

struct acpi_ioapic {
	hpa_t base;
	uint32_t gsi_base;
	uint8_t id;
};

/* ISA interrupt `irq` arrives at `gsi`. */
struct acpi_override {
	uint8_t irq;
	bool level, low;
	uint32_t gsi;
};

struct acpi_ecam {
	hpa_t base; /* of bus 0, even where first_bus is not 0 */
	uint16_t segment;
	uint8_t first_bus, last_bus;
};

/* A Generic Address Structure that we understand: a port, or memory. address 0: none. */
struct acpi_register {
	uint64_t address;
	bool memory;
	uint8_t bytes;
};

/* Fallbacks, before parsing: the CPU we run on, one I/O APIC at 0xfec00000, no ECAM, no clocks. */
struct acpi {
	uint32_t cpu[ACPI_CPUS]; /* APIC ids of usable CPUs; cpus 0: no MADT */
	struct acpi_ioapic ioapic[ACPI_IOAPICS];
	struct acpi_override override[ACPI_OVERRIDES];
	struct acpi_ecam ecam[ACPI_ECAMS];
	uint16_t cpus, ioapics, overrides, ecams;
	hpa_t hpet; /* 0: none */
	struct acpi_register pm_timer;
	bool pm_timer_32bit;
	struct acpi_register reset;
	uint8_t reset_value;
	struct acpi_register pm1a_control, pm1b_control, sleep_control;
	uint32_t smi_command; /* port, 0: none */
	uint8_t acpi_enable;  /* what to write there */
	bool has_s5;
	uint8_t s5_a, s5_b; /* SLP_TYP values of \_S5 */
	uint64_t dsdt, facs;
};

/* Fills the machine's struct acpi from the RSDP (a copy of it as Multiboot2 has it; bytes 0: look
   for it in the BIOS's area, or go without). Needs hvmap. */
void acpi_init(const void *rsdp, size_t bytes);
/* The machine's; the fallbacks where a table is missing or broken. */
const struct acpi *acpi(void);
/* GSI of an ISA interrupt, with its trigger mode. */
struct acpi_override acpi_isa_irq(uint8_t irq);

/* --- pure --- */

/* Gives a table's bytes for a host-physical range, or NULL. */
typedef const void *acpi_map_fn(uint64_t address, uint64_t bytes);

void acpi_defaults(struct acpi *a);
/* Walks RSDP, XSDT or RSDT and every table that is wanted. False if not even the root is usable. */
bool acpi_parse(struct acpi *a, const void *rsdp, size_t bytes, acpi_map_fn *map);

void acpi_parse_madt(struct acpi *a, const uint8_t *table, size_t bytes);
void acpi_parse_mcfg(struct acpi *a, const uint8_t *table, size_t bytes);
void acpi_parse_hpet(struct acpi *a, const uint8_t *table, size_t bytes);
void acpi_parse_fadt(struct acpi *a, const uint8_t *table, size_t bytes);
/* Finds \_S5's package in AML without interpreting it. */
void acpi_parse_s5(struct acpi *a, const uint8_t *aml, size_t bytes);

#endif
