/*
 * The machine's ACPI tables: finds the RSDP, maps what the parsers ask for, keeps the result.
 */
#include "drivers/acpi.h"

#include "arch/x86/cpu/features.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/hvmap.h"

#define BIOS_AREA  0xe0000
#define BIOS_BYTES 0x20000
#define RSDP_ALIGN 16
#define RSDP_BYTES 36

static struct acpi tables RO_AFTER_INIT;

static const void *map_table(uint64_t address, uint64_t bytes)
{
	if (!address || !range_within(address, bytes, BIT(cpu_physical_bits())))
		return NULL;
	return hvmap_memory(hpa(address), bytes);
}

static const void *find_rsdp(void)
{
	const char *area = hvmap_memory(hpa(BIOS_AREA), BIOS_BYTES);

	for (size_t at = 0; at + RSDP_BYTES <= BIOS_BYTES; at += RSDP_ALIGN)
		if (!memcmp(area + at, "RSD PTR ", 8))
			return area + at;
	return NULL;
}

void acpi_init(const void *rsdp, size_t bytes)
{
	acpi_defaults(&tables);
	if (!bytes) {
		rsdp = find_rsdp();
		bytes = RSDP_BYTES;
	}
	if (!rsdp)
		log_warn("ACPI: there are no tables: one CPU and the legacy addresses are used");
	else if (!acpi_parse(&tables, rsdp, bytes, map_table))
		log_warn("ACPI: one CPU and the legacy addresses are used");
	else if (!tables.cpus)
		log_warn("ACPI: no MADT: one CPU and the legacy I/O APIC are used");
}

const struct acpi *acpi(void)
{
	return &tables;
}

struct acpi_override acpi_isa_irq(uint8_t irq)
{
	for (unsigned i = 0; i < tables.overrides; i++)
		if (tables.override[i].irq == irq)
			return tables.override[i];
	return (struct acpi_override){ .irq = irq, .gsi = irq };
}
