/*
 * Private to guestmem*.c and walk.c: the per-CPU cache of temporary mappings, in line, because a
 * walk of guest page tables looks here five times. A frame has one slot it can be in (its number
 * modulo HVMAP_SLOTS), so a hit is one comparison. A pointer stays good until the next lookup on
 * this CPU.
 */
#ifndef VMM_GUESTMEM_SLOT_H
#define VMM_GUESTMEM_SLOT_H

#include "arch/x86/cpu/cpu.h"
#include "mm/hvmap.h"
#include "vmm/domain.h"

struct guestmem_slot {
	uint64_t frame; /* host-physical | 1; 0: empty */
	uint8_t *at;
};

struct guestmem_cache {
	struct guestmem_slot slot[HVMAP_SLOTS];
	uint64_t used; /* a bit for each slot that is not empty */
};

extern struct guestmem_cache guestmem_cache[MAX_CPUS];

/* Points a slot at another frame: the miss. */
uint8_t *guestmem_fill(struct guestmem_cache *c, uint64_t frame);

/* The byte at a guest-physical address, with the rest of its page; NULL if it is not the domain's
   own RAM. Extents are few: a scan beats any walk. */
static inline uint8_t *guestmem_at(const struct domain *d, gpa_t at)
{
	const struct extent *e = d->extent, *end = e + d->extents;
	struct guestmem_cache *c = &guestmem_cache[cpu_index()];
	struct guestmem_slot *s;
	uint64_t host;

	for (; e < end; e++) {
		if (LIKELY(at.v - e->gpa.v < e->bytes))
			break;
	}
	if (UNLIKELY(e == end))
		return NULL;
	host = at.v - e->gpa.v + e->hpa.v;
	s = &c->slot[host >> PAGE_SHIFT & (HVMAP_SLOTS - 1)];
	if (LIKELY(s->frame == (page_down(host) | 1)))
		return s->at + (host & PAGE_MASK);
	return guestmem_fill(c, page_down(host)) + (host & PAGE_MASK);
}

#endif
