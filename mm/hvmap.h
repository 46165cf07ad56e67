/*
 * The hypervisor's own address space. There is no map of all memory: only the image, the pages
 * that frames_hv gave out, devices, and preloaded modules (read-only) are mapped, the latter three
 * at HVMAP_DIRECT + host-physical address. Guest RAM is reached through per-CPU temporary slots
 * only (vmm/guestmem.c). W^X; the image's read-only-after-init section is sealed before guests run.
 *
 *   0xffff800000000000  HVMAP_DIRECT + hpa: hypervisor pages, devices (uncached), modules
 *   0xffffc00000000000  HVMAP_TEMP: per-CPU slots of one page, hvmap_slot(), then windows of 2 MiB
 *   0xffffd00000000000  HVMAP_STACK: per-CPU stacks with guard pages
 *   0xffffffff80000000  the image, linked there, loaded at 1 MiB
 */
#ifndef MM_HVMAP_H
#define MM_HVMAP_H

#include "lib/addr.h"
#include "lib/err.h"

#ifndef HVMAP_DIRECT /* unit tests say 0: what they call host-physical are plain pointers */
#define HVMAP_DIRECT 0xffff800000000000ul
#endif
#define HVMAP_TEMP   0xffffc00000000000ul
#define HVMAP_STACK  0xffffd00000000000ul
#define HVMAP_SLOTS  64 /* a CPU */
#define HVMAP_STACKS 4  /* a CPU */

/* Where a hypervisor page, a mapped device or a mapped module is seen, and back. Pages of the
   image are not reached this way: use hvmap_image_hpa. */
static inline void *hv_virt(hpa_t h)
{
	return (void *)(HVMAP_DIRECT + h.v);
}

static inline hpa_t hv_hpa(const void *p)
{
	return hpa((uint64_t)p - HVMAP_DIRECT);
}

/* Host-physical address of something inside the image (.data, .bss, .rodata). */
hpa_t hvmap_image_hpa(const void *p);

/* Maps a device's registers uncached, for good; boot only. Returns where. Any alignment. */
volatile void *hvmap_device(hpa_t base, uint64_t bytes);
/* Maps memory read-only (ACPI tables, modules) or read-write (framebuffer: write-combining). */
const void *hvmap_memory(hpa_t base, uint64_t bytes);
volatile void *hvmap_framebuffer(hpa_t base, uint64_t bytes);

/* Points slot n of this CPU at a frame (writable) and returns it; invalidates the old one. */
void *hvmap_slot(unsigned n, hpa_t frame);
/* Empties slot n of this CPU. */
void hvmap_slot_clear(unsigned n);
/* The same for a piece of 2 MiB, aligned, of which each CPU sees one. */
void *hvmap_window(hpa_t base);
void hvmap_window_clear(void);

/* --- for boot/ and frames_hv.c --- */

/* Boot CPU, once the free memory is known: builds the final tables and switches to them. */
void hvmap_init(void);
/* The tables' physical address, for CR3 of the other CPUs; below 4 GiB. */
hpa_t hvmap_root(void);
/* A stack with a guard page below it; returns its top. At most HVMAP_STACKS of each CPU block. */
uint64_t hvmap_stack(unsigned block, unsigned n, size_t pages);
/* Makes RO_AFTER_INIT data read-only and lets no more be mapped. */
void hvmap_seal(void);
/* This CPU: drops all cached translations; each CPU that ran before the seal, after it. */
void hvmap_forget(void);
/* Maps a chunk of hypervisor pages, 2 MiB-aligned; and the limit below which it must lie. */
void hvmap_chunk(hpa_t base, uint64_t bytes);
uint64_t hvmap_chunk_limit(void);

#endif
