/*
 * Physical memory: who has which frames. At boot the usable ranges of the memory map are
 * gathered, what is taken (image, modules, firmware) is cut out, and the rest is given out once:
 * to the hypervisor's own pages and to domains as few large extents. Nothing is freed: a domain
 * keeps its extents over restarts. Boot CPU only; after frames_seal() every call panics.
 */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include "lib/addr.h"
#include "lib/err.h"

/* One usable range joins; parts that overlap known ones are counted once. */
void frames_add(hpa_t base, uint64_t bytes);
/* Cuts a range out. */
void frames_reserve(hpa_t base, uint64_t bytes);

/* Guest memory: one extent of exactly `bytes`, aligned to `align` (a power of two >= 4096), below
   `limit` (0: anywhere), from the top of the highest (limit 0) or lowest fitting range.
   Errors: NOMEM. */
must_check enum err frames_take(uint64_t bytes, uint64_t align, uint64_t limit, hpa_t *base);

/* The largest extent that frames_take could give now for this alignment and limit; 0 if none. */
uint64_t frames_largest(uint64_t align, uint64_t limit);
uint64_t frames_free_bytes(void);

/* Hypervisor pages: zeroed, mapped (read-write, no execute) at hv_virt() of their address.
   Panics with the size that is missing. */
void *frames_hv(size_t pages);
/* Bytes given out by frames_hv so far. */
uint64_t frames_hv_bytes(void);

/* No more memory will be given out. */
void frames_seal(void);

#endif
