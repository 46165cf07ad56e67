/*
 * Private to guestmem*.c and walk.c: the per-CPU cache of temporary mappings, in line, because a
 * walk of guest page tables looks here five times. A slot is found by the page's number modulo
 * HVMAP_SLOTS and knows whose page it holds, so a hit is one comparison; a domain's extents never
 * change, so a guest-physical page stands for one host frame for good. A pointer stays good until
 * the next lookup on this CPU.
 */
#ifndef VMM_GUESTMEM_SLOT_H
#define VMM_GUESTMEM_SLOT_H

#include "arch/x86/cpu/cpu.h"
#include "mm/hvmap.h"
#include "vmm/domain.h"

struct guestmem_slot {
	uint64_t tag;  /* guest-physical page | GUESTMEM_USED | domain number; 0: empty */
	uint64_t bias; /* add the guest-physical address to get the pointer */
};

#define GUESTMEM_USED BIT(11)

struct guestmem_cache {
	struct guestmem_slot slot[HVMAP_SLOTS];
	uint64_t used; /* a bit for each slot that is not empty */
};

extern struct guestmem_cache guestmem_cache[MAX_CPUS];

/* The miss: maps the page if it is RAM of the domain. */
uint8_t *guestmem_miss(struct guestmem_cache *c, const struct domain *d, gpa_t at);

/* The byte at a guest-physical address, with the rest of its page; NULL if it is not the domain's
   own RAM. */
static inline uint8_t *guestmem_at(const struct domain *d, gpa_t at)
{
	struct guestmem_cache *c = &guestmem_cache[cpu_index()];
	struct guestmem_slot *s = &c->slot[at.v >> PAGE_SHIFT & (HVMAP_SLOTS - 1)];

	if (LIKELY(s->tag == (page_down(at.v) | GUESTMEM_USED | d->id)))
		return (uint8_t *)(s->bias + at.v);
	return guestmem_miss(c, d, at);
}

#endif
