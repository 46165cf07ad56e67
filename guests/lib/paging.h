/*
 * The guest's own 1:1 page tables. paging_init, called before main(), replaces those of the entry:
 * the first 4 GiB, own RAM, modules and windows are mapped writable and never executable, the image
 * with the rights of its sections (W^X). Where the nested tables map nothing, a read gives ones, so
 * mapping more than is there does no harm and large pages are rounded outwards.
 */
#ifndef GUESTS_LIB_PAGING_H
#define GUESTS_LIB_PAGING_H

#include <stdint.h>

#define PAGING_READ    0u
#define PAGING_WRITE   1u
#define PAGING_EXEC    2u
#define PAGING_DEVICE  4u  /* uncached */
#define PAGING_EXACTLY 8u  /* in 4 KiB pages: give these rights to no neighbour */
#define PAGING_NONE    16u /* with EXACTLY: an access faults */

void paging_init(void);

/* Maps [base, base + bytes) 1:1; what is mapped already changes its rights. Panics when the pool
   of page tables is used up. */
void paging_map(uint64_t base, uint64_t bytes, unsigned flags);

/* A device's registers, uncached. */
volatile void *paging_map_device(uint64_t base, uint64_t bytes);

#endif
