/*
 * See ide_prd.h.
 */
#include "guests/service/drivers/ide_prd.h"

#include "guests/service/dma.h"
#include "lib/bits.h"

#define REGION 0x10000ull
#define REACH  0x100000000ull

/* The region at byte `at` of r's data, at most `left` bytes of it; 0 if none can be made there. */
static uint32_t region_at(const struct disk_request *r, uint64_t at, uint64_t left,
			  uint64_t *address)
{
	struct window_part p = disk_piece(r, at);
	uint64_t bytes;

	*address = dma_bus(p.base);
	bytes = MIN(MIN((uint64_t)p.bytes, left), REGION - *address % REGION);
	return (*address | bytes) & 1 || *address + bytes > REACH ? 0 : (uint32_t)bytes;
}

uint32_t ide_prd_bytes(const struct disk_request *r, uint64_t limit)
{
	uint64_t bytes = 0, address;

	limit = MIN(limit, r->bytes - r->at);
	for (unsigned n = 0; n < IDE_PRD_ENTRIES && bytes < limit; n++) {
		uint32_t region = region_at(r, r->at + bytes, limit - bytes, &address);

		if (!region)
			break;
		bytes += region;
	}
	return (uint32_t)align_down(bytes, DISK_SECTOR);
}

void ide_prd_fill(const struct disk_request *r, uint32_t bytes, struct ide_prd *table)
{
	uint64_t address;

	for (uint32_t at = 0, region; at < bytes; at += region, table++) {
		region = region_at(r, r->at + at, bytes - at, &address);
		*table = (struct ide_prd){ (uint32_t)address, region % REGION };
		if (at + region == bytes)
			table->bytes |= IDE_PRD_LAST;
	}
}

void ide_prd_single(const void *buffer, uint32_t bytes, struct ide_prd *table)
{
	*table = (struct ide_prd){ (uint32_t)dma_bus(buffer), bytes % REGION | IDE_PRD_LAST };
}
