/*
 * Page pools: a list through the first words of the free pages. A page is zero while it is free,
 * but for that word, so pool_get only clears the link.
 */
#include "mm/pool.h"

#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/string.h"

static void push(struct pool *p, void *page)
{
	*(void **)page = p->free;
	p->free = page;
}

void pool_add(struct pool *p, void *base, size_t pages)
{
	assert(((uintptr_t)base & PAGE_MASK) == 0);
	/* Backwards, so that pages are given out in rising order. */
	for (size_t i = pages; i-- > 0;)
		push(p, (char *)base + i * PAGE_SIZE);
	p->pages += pages;
}

void *pool_get(struct pool *p)
{
	void **page = p->free;

	if (page == NULL)
		return NULL;
	p->free = *page;
	*page = NULL;
	p->used++;
	return page;
}

void pool_put(struct pool *p, void *page)
{
	assert(p->used > 0);
	memset(page, 0, PAGE_SIZE);
	push(p, page);
	p->used--;
}
