/*
 * Any bytes as ACPI tables: each parser alone, and the walk with the bytes as physical memory. The
 * sums are mended by the map function, so that the walk gets past them.
 */
// sources: drivers/acpi_parse.c drivers/acpi_walk.c lib/log.c lib/format.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "drivers/acpi.h"
#include "lib/log.h"

#define SUM_AT 9

static uint8_t *memory;
static size_t memory_bytes;

static void mend(uint8_t *p, size_t bytes, size_t at)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + p[i]);
	p[at] = (uint8_t)(p[at] - sum);
}

static const void *map(uint64_t address, uint64_t bytes)
{
	if (!range_within(address, bytes, memory_bytes))
		return NULL;
	if (bytes > SUM_AT)
		mend(memory + address, bytes, SUM_AT);
	return memory + address;
}

/* RSDP, RSDT at 40 with one entry, a MADT at 80. */
size_t fuzz_seed(uint8_t *data, size_t bytes)
{
	static const uint8_t rsdp[] =
		"RSD PTR \0OEMID \0\x28\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	static const uint8_t rsdt[] = "RSDT\x28\0\0\0";
	static const uint8_t madt[] = "APIC\x34\0\0\0";

	if (bytes < 160)
		return 0;
	memset(data, 0, 160);
	memcpy(data, rsdp, sizeof(rsdp) - 1);
	memcpy(data + 40, rsdt, sizeof(rsdt) - 1);
	data[40 + 36] = 80;
	memcpy(data + 80, madt, sizeof(madt) - 1);
	data[80 + 45] = 8;
	return 160;
}

static void parse_alone(struct acpi *a)
{
	acpi_parse_madt(a, memory, memory_bytes);
	acpi_parse_mcfg(a, memory, memory_bytes);
	acpi_parse_hpet(a, memory, memory_bytes);
	acpi_parse_fadt(a, memory, memory_bytes);
	acpi_parse_s5(a, memory, memory_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi *a = malloc(sizeof(*a));

	memory = malloc(size + 1);
	memory_bytes = size;
	memcpy(memory, data, size);
	acpi_defaults(a);
	parse_alone(a);
	acpi_defaults(a);
	if (size >= 36) {
		memcpy(memory, "RSD PTR ", 8);
		mend(memory, 20, 8);
		acpi_parse(a, memory, 36, map);
	}
	if (a->cpus > ACPI_CPUS || !a->ioapics || a->ioapics > ACPI_IOAPICS ||
	    a->overrides > ACPI_OVERRIDES || a->ecams > ACPI_ECAMS)
		abort();
	free(memory);
	free(a);
	return 0;
}
