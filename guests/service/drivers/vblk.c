/*
 * A physical virtio disk. Each request has a slot of the ring, which stands for the slot's own
 * indirect table.
 *
 *   slot page   | header 16 | status 1 | ... 48: range 16 | 64: indirect table |
 */
#include "guests/service/drivers/vblk.h"

#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/pcifn.h"
#include "guests/service/drivers/vring.h"
#include "guests/service/virtio_queue.h"

#define VBLK_DISKS     4
#define VBLK_SLOTS     64u
#define VBLK_PARTS     126u
#define VBLK_PAGE      4096u
#define COMPLAINTS_MAX 10
#define CLEAR_SECTORS  (1u << 21)
#define CONFIG_WIDE    (sizeof(struct virtio_blk_config) + sizeof(struct virtio_blk_config_wide))

struct vblk_page {
	struct virtio_blk_header header;
	volatile uint8_t status;
	uint8_t pad[31];
	struct virtio_blk_range range; /* to discard or clear */
	struct virtq_desc table[VBLK_PARTS + 2];
};

_Static_assert(sizeof(struct vblk_page) <= VBLK_PAGE, "a slot is a page");

struct vblk {
	const struct hv_device *device;
	struct disk *disk;
	struct vpci pci;
	struct vring ring;
	struct vblk_page *page[VBLK_SLOTS];
	struct disk_request *request[VBLK_SLOTS];
	unsigned slots, complaints, event;
	bool flushes;
};

static struct vblk vblks[VBLK_DISKS];
static unsigned vblk_count;

void vblk_quiet(const struct hv_device *d)
{
	struct vpci p;

	pcifn_enable(d, false);
	if (vpci_find(&p, d, sizeof(struct virtio_blk_config)) && !vpci_reset(&p))
		print("virtio-blk at slot %#x: does not stop\n", d->slot);
}

/* Fills in the indirect table; returns the descriptors used. */
static unsigned table_fill(struct vblk_page *page, const struct disk_request *r)
{
	uint16_t data = r->op == DISK_READ ? VIRTQ_DESC_WRITE : 0;
	struct virtq_desc *d = page->table;
	unsigned n = 0;

	d[n++] = (struct virtq_desc){ dma_bus(&page->header), sizeof(page->header), 0, 0 };
	if (page->header.type == VIRTIO_BLK_DISCARD || page->header.type == VIRTIO_BLK_ZEROES)
		d[n++] = (struct virtq_desc){ dma_bus(&page->range), sizeof(page->range), 0, 0 };
	for (unsigned i = 0; i < r->parts; i++)
		d[n++] = (struct virtq_desc){ dma_bus(r->part[i].base), r->part[i].bytes, data, 0 };
	d[n++] = (struct virtq_desc){ dma_bus(&page->status), 1, VIRTQ_DESC_WRITE, 0 };
	for (unsigned i = 0; i + 1 < n; i++) {
		d[i].flags |= VIRTQ_DESC_NEXT;
		d[i].next = (uint16_t)(i + 1);
	}
	return n;
}

static void slot_issue(struct vblk *b, unsigned slot, const struct disk_request *r)
{
	static const uint32_t types[] = { VIRTIO_BLK_IN, VIRTIO_BLK_OUT, VIRTIO_BLK_FLUSH,
					  VIRTIO_BLK_DISCARD, VIRTIO_BLK_ZEROES };
	struct vblk_page *page = b->page[slot];
	uint32_t bytes;

	page->header = (struct virtio_blk_header){ .type = types[r->op], .sector = r->sector };
	page->range = (struct virtio_blk_range){ r->sector, r->bytes / DISK_SECTOR, 0 };
	page->status = 0xff;
	bytes = table_fill(page, r) * (uint32_t)sizeof(struct virtq_desc);
	vring_describe(&b->ring, slot, page->table, bytes, VIRTQ_DESC_INDIRECT);
	vring_offer(&b->ring, slot);
	vring_kick(&b->ring);
}

static bool vblk_submit(struct disk *d, struct disk_request *r)
{
	struct vblk *b = d->driver;

	for (unsigned i = 0; i < b->slots; i++) {
		if (b->request[i])
			continue;
		b->request[i] = r;
		slot_issue(b, i, r);
		return true;
	}
	return false;
}

static void slot_done(struct vblk *b, unsigned slot)
{
	struct disk_request *r = slot < b->slots ? b->request[slot] : NULL;
	bool ok;

	if (!r) {
		print("%s: completes a request that it was not given\n", b->disk->name);
		return;
	}
	ok = b->page[slot]->status == VIRTIO_BLK_OK;
	/* A device without a cache to flush says that it does not know the request. */
	ok |= r->op == DISK_FLUSH && !b->flushes;
	if (!ok && b->complaints++ < COMPLAINTS_MAX)
		print("%s: request at sector %lu failed: status %u\n", b->disk->name, r->sector,
		      b->page[slot]->status);
	b->request[slot] = NULL;
	disk_done(r, ok);
}

static void vblk_event(void *arg)
{
	struct vblk *b = arg;
	unsigned slot;
	uint32_t bytes;

	while (vring_take(&b->ring, &slot, &bytes))
		slot_done(b, slot);
}

static bool rings_alloc(struct vblk *b)
{
	unsigned size = vpci_queue_size(&b->pci, 0);

	if (size == 0 || size & (size - 1))
		return false;
	vpci_rings_alloc(&b->ring.rings, MIN(size, VBLK_SLOTS));
	while (b->slots < b->ring.rings.size && dma_left() >= VBLK_PAGE)
		b->page[b->slots++] = dma_alloc(VBLK_PAGE);
	return b->slots > 0;
}

/* The bytes of a discard or of zeroes, from the device's number of sectors. */
static uint32_t clear_max(uint64_t has, volatile uint32_t *sectors)
{
	return has ? MIN(readl(sectors), CLEAR_SECTORS) * DISK_SECTOR : 0;
}

static void fill_limits(struct vblk *b, uint64_t features)
{
	struct virtio_blk_config_wide *c =
		(void *)(b->pci.device + sizeof(struct virtio_blk_config));

	b->disk->discard_max = clear_max(features & VIRTIO_BLK_F_DISCARD, &c->max_discard_sectors);
	b->disk->zeroes_max = clear_max(features & VIRTIO_BLK_F_ZEROES, &c->max_zeroes_sectors);
}

static void fill_disk(struct vblk *b, uint64_t features)
{
	volatile struct virtio_blk_config *c = (volatile void *)b->pci.device;
	volatile uint32_t *capacity = (volatile uint32_t *)&c->capacity;
	uint32_t block = features & VIRTIO_BLK_F_BLK_SIZE ? readl(&c->blk_size) : DISK_SECTOR;
	uint32_t parts = features & VIRTIO_BLK_F_SEG_MAX ? readl(&c->seg_max) : 1;

	disk_init(b->disk);
	b->disk->sectors = readl(&capacity[0]) | (uint64_t)readl(&capacity[1]) << 32;
	b->disk->block = block == 4096 ? block : DISK_SECTOR;
	b->disk->max_parts = MAX(MIN(parts, VBLK_PARTS), 1u);
	b->disk->readonly = features & VIRTIO_BLK_F_RO;
	b->disk->submit = vblk_submit;
	b->disk->driver = b;
	b->flushes = features & VIRTIO_BLK_F_FLUSH;
	fill_limits(b, features);
}

static const char *bring_up(struct vblk *b)
{
	uint64_t needed = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC;
	uint64_t wanted = needed | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE |
			  VIRTIO_BLK_F_FLUSH;
	uint64_t features;

	if (vpci_find(&b->pci, b->device, CONFIG_WIDE))
		wanted |= VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_ZEROES;
	else if (!vpci_find(&b->pci, b->device, sizeof(struct virtio_blk_config)))
		return "no modern virtio structures (a legacy device?)";
	if (!vpci_reset(&b->pci))
		return "does not reset";
	features = vpci_negotiate(&b->pci, wanted);
	if ((features & needed) != needed)
		return "lacks virtio 1.0 or indirect descriptors";
	if (!rings_alloc(b))
		return "the DMA pool is too small: raise `dma` in the config";
	if (hv_irq_bind(b->device->cap, 0, b->event) < 0 ||
	    !vpci_queue(&b->pci, 0, &b->ring.rings, 0))
		return "no MSI-X interrupt";
	fill_disk(b, features);
	vpci_run(&b->pci);
	return NULL;
}

bool vblk_open(const struct hv_device *d, unsigned unit, struct disk *disk)
{
	struct vblk *b = &vblks[vblk_count];
	const char *why;

	pcifn_name(d, "virtio-blk", disk->name, sizeof(disk->name));
	if (vblk_count == VBLK_DISKS || unit)
		return false;
	*b = (struct vblk){ .device = d, .disk = disk };
	b->event = event_alloc();
	event_bind(b->event, vblk_event, b);
	pcifn_enable(d, true);
	why = bring_up(b);
	if (why) {
		print("%s: %s\n", disk->name, why);
		return false;
	}
	vblk_count++;
	return true;
}
