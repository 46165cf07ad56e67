/*
 * See ahci_prd.h.
 */
#include "guests/service/drivers/ahci_prd.h"

#include "guests/service/dma.h"

#define REGION 0x400000ull

/* The bytes of the region at byte `at` of r's data, at most `left`. */
static uint32_t region_at(const struct disk_request *r, uint64_t at, uint64_t left)
{
	return (uint32_t)MIN(MIN(disk_piece(r, at).bytes, left), REGION);
}

uint32_t ahci_prd_bytes(const struct disk_request *r, uint64_t limit, uint64_t reach)
{
	uint64_t bytes = 0;

	limit = MIN(limit, r->bytes - r->at);
	for (unsigned n = 0; n < AHCI_PRD_ENTRIES && bytes < limit; n++) {
		uint64_t address = dma_bus(disk_piece(r, r->at + bytes).base);
		uint32_t region = region_at(r, r->at + bytes, limit - bytes);

		if (!region || (address | region) & 1 || address + region > reach)
			break;
		bytes += region;
	}
	return (uint32_t)align_down(bytes, DISK_SECTOR);
}

unsigned ahci_prd_fill(const struct disk_request *r, uint32_t bytes, struct ahci_prd *prd)
{
	unsigned n = 0;

	for (uint32_t at = 0, region; at < bytes; at += region) {
		region = region_at(r, r->at + at, bytes - at);
		n += ahci_prd_single(disk_piece(r, r->at + at).base, region, &prd[n]);
	}
	return n;
}

unsigned ahci_prd_single(const void *buffer, uint32_t bytes, struct ahci_prd *prd)
{
	*prd = (struct ahci_prd){ dma_bus(buffer), 0, bytes - 1 };
	return 1;
}
