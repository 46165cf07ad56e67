/*
 * The memory map that a guest is told: its own RAM by extents, without what the platform reserves.
 * In the form of an e820 table, which Linux takes as it is and Multiboot with a size in front.
 */
#ifndef VMM_LOADER_MAP_H
#define VMM_LOADER_MAP_H

#include "vmm/domain.h"

#define LOADER_MAP_MAX 16

enum { LOADER_MAP_RAM = 1, LOADER_MAP_RESERVED = 2 };

struct loader_map_entry {
	uint64_t base, bytes;
	uint32_t type;
} PACKED;

/* Fills `map` (LOADER_MAP_MAX entries) and returns how many there are. */
unsigned loader_map(const struct domain *d, struct loader_map_entry *map);

/* The extent of RAM that holds gpa, NULL if none. */
const struct extent *loader_ram_at(const struct domain *d, uint64_t at);

/* Where the ACPI tables of a domain begin (the RSDP), 0 if it has no RAM for them. */
uint64_t loader_rsdp(const struct domain *d);

/* Bytes of RAM from 0 on, at most 640 KiB, and from 1 MiB on: what a PC's firmware tells. */
uint32_t loader_memory_low(const struct domain *d);
uint32_t loader_memory_high(const struct domain *d);

#endif
