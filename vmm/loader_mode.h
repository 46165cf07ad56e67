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

/* A domain that is being loaded. */
struct loader {
	struct domain *d;
	const struct loader_images *images;
	struct loader_entry *entry;
	char *why;
	size_t why_size;
};

/* The protocols. */
typedef enum err load_fn(const struct loader *l);
load_fn load_native, load_linux, load_multiboot, load_multiboot2, load_pvh, load_flat,
	load_firmware;

/* One message about the image, and the error: return loader_refuse(l, ERR_FORMAT, ...). */
PRINTF(3, 4) enum err loader_refuse(const struct loader *l, enum err e, const char *fmt, ...);

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
must_check enum err loader_long_mode(const struct loader *l, uint64_t gdt, uint64_t root);
must_check enum err loader_protected_mode(const struct loader *l, uint64_t gdt);

/* How Multiboot, Multiboot2 and PVH begin: in protected mode at `entry`, eax the protocol's magic
   number, ebx the information at LOADER_INFO_AT. told: that could be written; else, as where the
   GDT can't, refuses with a message. Errors: RANGE. */
must_check enum err loader_start32(const struct loader *l, bool told, uint32_t magic,
				   uint64_t entry);

#endif
