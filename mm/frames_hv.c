/*
 * The hypervisor's own pages. They are cut one after the other from chunks of at least 2 MiB,
 * which are mapped as large pages when they are taken.
 */
#include "mm/frames.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/hvmap.h"

#define CHUNK MIB_2

static uint64_t next, end; /* what is left of the current chunk, host-physical */
static uint64_t given;

static void take_chunk(uint64_t bytes)
{
	uint64_t size = align_up(bytes, CHUNK);
	hpa_t base;

	if (frames_take(size, CHUNK, hvmap_chunk_limit(), &base) != OK)
		panic("no memory for the hypervisor: %lu KiB in one piece are missing; give the "
		      "machine more memory or the domains less",
		      size >> 10);
	hvmap_chunk(base, size);
	next = base.v;
	end = base.v + size;
}

void *frames_hv(size_t pages)
{
	uint64_t bytes = pages * PAGE_SIZE;
	void *p;

	if (end - next < bytes)
		take_chunk(bytes);
	p = hv_virt(hpa(next));
	next += bytes;
	given += bytes;
	return memset(p, 0, bytes);
}

uint64_t frames_hv_bytes(void)
{
	return given;
}
