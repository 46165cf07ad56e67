/*
 * A guest's RAM as this domain sees it: a few extents {guest address, bytes, my address}. Every
 * address that a guest names passes through here once and becomes a pointer that is good for DMA
 * as well (my address is the bus address). Pages that are revoked later read as ones and never
 * fault, so a pointer stays safe for as long as the request that holds it.
 */
#ifndef GUESTS_SERVICE_WINDOW_H
#define GUESTS_SERVICE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_EXTENTS 16

struct window_extent {
	uint64_t guest, bytes;
	uint8_t *mine;
	uint32_t rights; /* HV_WINDOW_* */
};

struct window {
	unsigned extents;
	struct window_extent extent[WINDOW_EXTENTS];
};

/* A piece of a guest's RAM, contiguous on my side. */
struct window_part {
	uint8_t *base;
	uint32_t bytes;
};

/* False if the table is full or the range is empty or wraps. */
bool window_add(struct window *w, const struct window_extent *e);

/* [guest, guest + bytes) as one piece, or NULL unless all of it lies in one extent with `rights`.
 */
void *window_at(const struct window *w, uint64_t guest, uint64_t bytes, uint32_t rights);

/* The first piece of [guest, guest + *bytes): cuts *bytes where the extent ends. NULL if guest lies
   in none or the rights are lacking. */
void *window_first(const struct window *w, uint64_t guest, uint64_t *bytes, uint32_t rights);

#endif
