/*
 * Builds the guest's memory map. RAM that lies where a PC has its video memory and its BIOS is cut:
 * 640 KiB to 1 MiB, which holds the ACPI tables.
 */
#include "vmm/loader_map.h"

#include "abi/platform.h"

#define LOW_END 0xa0000ull

static void add(struct loader_map_entry *map, unsigned *count, uint64_t base, uint64_t end,
		uint32_t type)
{
	if (base < end && *count < LOADER_MAP_MAX)
		map[(*count)++] = (struct loader_map_entry){ base, end - base, type };
}

unsigned loader_map(const struct domain *d, struct loader_map_entry *map)
{
	uint64_t high = HV_GUEST_ACPI + HV_GUEST_ACPI_BYTES;
	unsigned count = 0;

	for (unsigned n = 0; n < d->extents; n++) {
		const struct extent *e = &d->extent[n];
		uint64_t base = e->gpa.v, end = base + e->bytes;

		if (e->kind != EXTENT_RAM)
			continue;
		add(map, &count, base, MIN(end, LOW_END), LOADER_MAP_RAM);
		if (range_overlaps(base, e->bytes, HV_GUEST_ACPI, HV_GUEST_ACPI_BYTES))
			add(map, &count, HV_GUEST_ACPI, high, LOADER_MAP_RESERVED);
		add(map, &count, MAX(base, high), end, LOADER_MAP_RAM);
	}
	add(map, &count, HV_GUEST_ECAM, HV_GUEST_ECAM + HV_GUEST_ECAM_BYTES, LOADER_MAP_RESERVED);
	return count;
}

const struct extent *loader_ram_at(const struct domain *d, uint64_t at)
{
	for (unsigned n = 0; n < d->extents; n++)
		if (d->extent[n].kind == EXTENT_RAM && at - d->extent[n].gpa.v < d->extent[n].bytes)
			return &d->extent[n];
	return NULL;
}

/* How much RAM there is from `at` on. */
static uint64_t ram_from(const struct domain *d, uint64_t at)
{
	const struct extent *ram = loader_ram_at(d, at);

	return ram ? ram->gpa.v + ram->bytes - at : 0;
}

uint64_t loader_rsdp(const struct domain *d)
{
	return ram_from(d, HV_GUEST_ACPI) >= HV_GUEST_ACPI_BYTES ? HV_GUEST_ACPI : 0;
}

uint32_t loader_memory_low(const struct domain *d)
{
	return MIN(ram_from(d, 0), LOW_END);
}

uint32_t loader_memory_high(const struct domain *d)
{
	return MIN(ram_from(d, HV_GUEST_ACPI + HV_GUEST_ACPI_BYTES), UINT32_MAX);
}
