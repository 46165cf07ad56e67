/*
 * See nvme_prp.h.
 */
#include "guests/service/drivers/nvme_prp.h"

#include "guests/service/dma.h"
#include "lib/bits.h"

uint32_t nvme_prp_bytes(const struct disk_request *r, uint64_t limit, uint32_t block)
{
	uint64_t bytes = 0;

	limit = MIN(limit, r->bytes - r->at);
	while (bytes < limit) {
		struct window_part p = disk_piece(r, r->at + bytes);
		uint64_t at = dma_bus(p.base);
		uint64_t piece = MIN(p.bytes, limit - bytes);

		if (piece == 0 || at & (bytes ? NVME_PAGE - 1 : 3))
			break;
		bytes += piece;
		if ((at + piece) % NVME_PAGE)
			break;
	}
	return (uint32_t)align_down(bytes, block);
}

void nvme_prp_fill(const struct disk_request *r, uint32_t bytes, uint64_t *list, uint64_t prp[2])
{
	unsigned entries = 0;

	prp[0] = dma_bus(disk_piece(r, r->at).base);
	prp[1] = 0;
	for (uint64_t at = NVME_PAGE - prp[0] % NVME_PAGE; at < bytes; at += NVME_PAGE)
		list[entries++] = dma_bus(disk_piece(r, r->at + at).base);
	if (entries == 1)
		prp[1] = list[0];
	else if (entries)
		prp[1] = dma_bus(list);
}
