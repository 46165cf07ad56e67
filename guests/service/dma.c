/*
 * The DMA pool, given out from its start in fixed order. Pure.
 */
#include "guests/service/dma.h"

#include <stddef.h>

#include "lib/bits.h"
#include "lib/string.h"

#define DMA_PAGE 4096ull

static uint8_t *next;
static uint64_t left;

void dma_init(void *base, uint64_t bytes)
{
	uint64_t skip = align_up((uint64_t)(uintptr_t)base, DMA_PAGE) - (uint64_t)(uintptr_t)base;

	next = (uint8_t *)base + skip;
	left = bytes > skip ? align_down(bytes - skip, DMA_PAGE) : 0;
}

void *dma_alloc(uint64_t bytes)
{
	void *p = next;

	if (bytes > left)
		return NULL;
	bytes = align_up(bytes, DMA_PAGE);
	next += bytes;
	left -= bytes;
	memset(p, 0, bytes);
	return p;
}

uint64_t dma_left(void)
{
	return left;
}
