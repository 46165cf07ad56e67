/*
 * The one page-table engine. Host map, NPT and EPT are formats: a list of constants and a
 * conversion of attributes. Tables are pages of a pool that the caller reserved; large pages are
 * used where address, size and format allow, and split on demand. Pure but for hv_virt/hv_hpa
 * (mm/hvmap.h): tested on the host. The caller holds the lock that guards the tables and flushes
 * TLBs afterwards.
 */
#ifndef MM_PTAB_H
#define MM_PTAB_H

#include "lib/addr.h"
#include "lib/err.h"
#include "mm/pool.h"

enum {
	PTAB_READ = 1,
	PTAB_WRITE = 2,
	PTAB_EXEC = 4,
	PTAB_GLOBAL = 8,
	/* memory type, write-back if none is given */
	PTAB_UNCACHED = 16,
	PTAB_WRITE_COMBINING = 32,
};

struct ptab_format {
	const char *name;
	unsigned levels;        /* 4 */
	unsigned max_leaf;      /* highest level (1 = 4 KiB) that may hold a leaf: 2 or 3 */
	unsigned max_exec_leaf; /* the same for executable ones */
	bool sign_extended;     /* addresses are canonical (host), else they begin at 0 (nested) */
	uint64_t leaf_large;    /* the bit that makes a level-2 or -3 entry a leaf */
	uint64_t table_bits;    /* bits of every entry that points to a table */
	uint64_t address_mask;  /* bits of an entry that hold the address */
	uint64_t (*encode)(unsigned attrs, unsigned level); /* leaf bits for attributes */
	unsigned (*decode)(uint64_t entry,
			   unsigned level); /* attributes of a leaf; 0: not present */
	bool (*present)(uint64_t entry);
};

struct ptab {
	const struct ptab_format *format;
	void *root; /* a page of `pool` */
	struct pool *pool;
};

struct ptab_leaf {
	hpa_t hpa;      /* what the address looked up maps to, offset included */
	uint64_t bytes; /* from there to the end of the leaf */
	unsigned attrs;
};

/* Allocates the root. Errors: NOMEM. */
must_check enum err ptab_init(struct ptab *t, const struct ptab_format *format, struct pool *pool);

/* Maps [va, va + bytes) to hpa on, page-aligned all; replaces what was there.
   Errors: NOMEM (what was mapped until then stays), INVAL (misaligned or wrapping). */
must_check enum err ptab_map(struct ptab *t, uint64_t va, hpa_t hpa, uint64_t bytes,
			     unsigned attrs);

/* Clears [va, va + bytes); splits large pages at the edges; gives empty tables back to the pool.
   Errors: NOMEM (a split found no page; nothing was cleared), INVAL. */
must_check enum err ptab_unmap(struct ptab *t, uint64_t va, uint64_t bytes);

/* False if nothing is mapped at va. */
bool ptab_lookup(const struct ptab *t, uint64_t va, struct ptab_leaf *leaf);

/* Most table pages that mapping these bytes as one range can take, the root and later splits down
   to 4 KiB included: for reserving pools. */
size_t ptab_pages_for(const struct ptab_format *format, uint64_t bytes);

/* 1 GiB leaves only where the CPU has them: the caller picks the constant. ept_4k_exec is for CPUs
   where a guest that changes the size of a page of code may stop the machine (iTLB multihit). */
extern const struct ptab_format ptab_host_2m, ptab_host_1g;
extern const struct ptab_format ptab_npt_2m, ptab_npt_1g;
extern const struct ptab_format ptab_ept_2m, ptab_ept_1g, ptab_ept_4k_exec;

#endif
