/*
 * The DMA pool: memory that physical controllers read and write on their own (rings, command
 * blocks, bounce pages). It is kept over restarts and never reset by the hypervisor, because a
 * controller may still be at work in it when this domain dies; so it is given out anew only after
 * every controller has been made quiet. My address is the bus address.
 */
#ifndef GUESTS_SERVICE_DMA_H
#define GUESTS_SERVICE_DMA_H

#include <stdint.h>

/* Takes the pool into use from its start. Every controller must be quiet. */
void dma_init(void *base, uint64_t bytes);

/* Zeroed, aligned to 4 KiB and a multiple of it; NULL if the pool has no more. Never freed. */
void *dma_alloc(uint64_t bytes);

uint64_t dma_left(void);

static inline uint64_t dma_bus(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#endif
