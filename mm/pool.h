/*
 * A pool of zeroed hypervisor pages, reserved at boot for one user (a domain's nested tables, the
 * host map), so that nothing fails for want of memory afterwards. Not locked: the user's lock, or
 * the fact that only the boot CPU runs, guards it. Pure: tested on the host.
 */
#ifndef MM_POOL_H
#define MM_POOL_H

#include <stddef.h>

struct pool {
	void *free; /* first word of a free page points to the next one */
	size_t pages, used;
};

/* Takes over `pages` pages at base, which must be zero and page-aligned. May be called again to
   add more. */
void pool_add(struct pool *p, void *base, size_t pages);
/* A zeroed page, or NULL when the pool is empty. */
void *pool_get(struct pool *p);
/* Zeroes the page and takes it back. */
void pool_put(struct pool *p, void *page);

#endif
