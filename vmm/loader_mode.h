/*
 * Private to loader.c and load_*.c: the CPU states that boot protocols begin in, and what they need
 * in memory (a GDT, page tables that map 1:1).
 */
#ifndef VMM_LOADER_MODE_H
#define VMM_LOADER_MODE_H

#include "vmm/loader.h"

#define LOADER_CODE      0x10 /* selectors, Linux's numbers */
#define LOADER_DATA      0x18
#define LOADER_GDT_BYTES 0x20

/* A piece of guest memory that is given out page by page. */
struct loader_pages {
	struct domain *d;
	uint64_t next, end;
};

/* Page tables that map the first 4 GiB and all of the domain's memory 1:1 by 2 MiB pages.
   Errors: RANGE (the pages do not suffice). */
must_check enum err loader_map_1to1(struct loader_pages *pages, uint64_t *root);

/* Most pages that loader_map_1to1 takes for this domain. */
uint64_t loader_map_1to1_pages(const struct domain *d);

/* Writes the GDT of 64-bit or 32-bit flat segments at gdt and sets the state: ring 0, interrupts
   off; long mode with the tables at root, or protected mode without paging. Errors: RANGE (gdt is
   not RAM). */
must_check enum err loader_long_mode(struct domain *d, struct loader_entry *entry, uint64_t gdt,
				     uint64_t root);
must_check enum err loader_protected_mode(struct domain *d, struct loader_entry *entry,
					  uint64_t gdt);

/* One message about an image, and the error: return loader_refuse(why, size, ERR_FORMAT, ...). */
struct loader_why {
	char *text;
	size_t size;
};

PRINTF(3, 4) enum err loader_refuse(const struct loader_why *why, enum err e, const char *fmt, ...);

/* The protocols. */
enum err load_native(struct domain *d, const struct loader_images *images,
		     struct loader_entry *entry, const struct loader_why *why);
enum err load_linux(struct domain *d, const struct loader_images *images,
		    struct loader_entry *entry, const struct loader_why *why);
enum err load_multiboot(struct domain *d, const struct loader_images *images,
			struct loader_entry *entry, const struct loader_why *why);
enum err load_flat(struct domain *d, const struct loader_images *images, struct loader_entry *entry,
		   const struct loader_why *why);

#endif
