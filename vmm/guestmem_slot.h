/*
 * Private to guestmem*.c and walk.c: the per-CPU caches of temporary mappings, in line, because a
 * walk of guest page tables looks here five times. A CPU has two, one for the domain that runs and
 * one for the domain that ran before it: a guest and its back end take turns. A page has two slots
 * by its number modulo GUESTMEM_SETS, so that two pages that meet there don't chase each other (700
 * instructions a turn), and a slot knows whose page it holds: a hit is one comparison or two. A
 * domain's extents never change, so a guest-physical page stands for one host frame for good. A
 * pointer stays good until the next lookup on this CPU.
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

#define GUESTMEM_USED   BIT(11)
#define GUESTMEM_CACHES 2
#define GUESTMEM_SLOTS  (HVMAP_SLOTS / GUESTMEM_CACHES)
#define GUESTMEM_SETS   (GUESTMEM_SLOTS / 2) /* slot n and slot n + GUESTMEM_SETS */

#define GUESTMEM_LEVELS 4
#define GUESTMEM_DATA   4 /* walks remembered of reads and of writes, by page */
#define GUESTMEM_CODE   8 /* of fetches: a service domain exits from many pages */

/* A usual walk that was made for some page and kind of access: what it went by, the entries that it
   read and where they lie. While all that is unchanged, so is its result. d is NULL in an empty
   one. */
struct guestmem_walk {
	const struct domain *d;
	uint64_t va, cr0, cr3, cr4, efer, generation;
	uint64_t entry[GUESTMEM_LEVELS];
	const volatile uint64_t *at[GUESTMEM_LEVELS];
	uint64_t page;       /* result */
	const uint8_t *host; /* of a fetch: the page's bytes, NULL if it is not RAM */
	uint32_t access;
	uint8_t cpl;
};

struct guestmem_cache {
	struct guestmem_slot slot[GUESTMEM_SLOTS];
	const struct domain *owner; /* the domain whose turns it serves */
	uint32_t used;              /* a bit for each slot that is not empty */
	uint32_t turn;              /* a bit for each set whose second slot is replaced next */
	uint32_t first;             /* number of its first slot in hvmap */
	uint64_t generation;        /* counts changes of slots: pointers into them go stale */
	struct guestmem_walk read[GUESTMEM_DATA], write[GUESTMEM_DATA], code[GUESTMEM_CODE];
};

struct guestmem_cpu {
	uint64_t now; /* where in cache[] the one in use begins, in bytes */
	struct guestmem_cache cache[GUESTMEM_CACHES];
};

extern struct guestmem_cpu guestmem_cpus[MAX_CPUS];

/* Not in the page's first slot: looks at its second one; then maps the page if it is RAM of the
   domain. */
uint8_t *guestmem_miss(struct guestmem_cache *c, const struct domain *d, gpa_t at);

static inline struct guestmem_cache *guestmem_here(void)
{
	struct guestmem_cpu *g = &guestmem_cpus[cpu_index()];

	return (struct guestmem_cache *)((uint8_t *)g->cache + g->now);
}

/* The byte at a guest-physical address, with the rest of its page; NULL if it is not the domain's
   own RAM. c is this CPU's cache. */
static inline uint8_t *guestmem_in(struct guestmem_cache *c, const struct domain *d, gpa_t at)
{
	struct guestmem_slot *s = &c->slot[at.v >> PAGE_SHIFT & (GUESTMEM_SETS - 1)];

	if (LIKELY(s->tag == (page_down(at.v) | GUESTMEM_USED | d->id)))
		return (uint8_t *)(s->bias + at.v);
	return guestmem_miss(c, d, at);
}

static inline uint8_t *guestmem_at(const struct domain *d, gpa_t at)
{
	return guestmem_in(guestmem_here(), d, at);
}

#endif
