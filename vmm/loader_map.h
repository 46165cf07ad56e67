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

#endif
