/* See virtio_blk.h. Section numbers are those of virtio 1.2. */
#include "guests/lib/virtio_blk.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/trap.h"
#include "lib/string.h"

#define FEATURE_READ_ONLY BIT(5)
#define FEATURE_FLUSH     BIT(9)

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESCS = 3 };

_Static_assert(VIRTIO_BLK_DEPTH *DESCS <= VIRTIO_BLK_QUEUE, "descriptors for each slot");

static uint64_t address_of(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void interrupt(struct trap_frame *frame, void *arg)
{
	struct virtio_blk *d = arg;

	d->interrupts++;
	apic_eoi();
}

const char *virtio_blk_open(struct virtio_blk *d, unsigned function, unsigned vector)
{
	struct virtio_rings rings = { d->rings.desc, &d->rings.avail, &d->rings.used };
	uint32_t features = (uint32_t)(FEATURE_READ_ONLY | FEATURE_FLUSH);
	const char *why;

	memset(d, 0, sizeof(*d));
	trap_bind(vector, interrupt, d);
	why = virtio_pci_open(&d->pci, function, vector, &features);
	if (!why)
		why = virtio_pci_queue(&d->pci, 0, VIRTIO_BLK_QUEUE, &rings, &d->bell);
	if (why)
		return why;
	virtio_pci_start(&d->pci);
	d->read_only = features & FEATURE_READ_ONLY;
	d->sectors = readl(d->pci.config) | (uint64_t)readl(d->pci.config + 4) << 32;
	return NULL;
}

void virtio_blk_kick(struct virtio_blk *d)
{
	virtio_bell_ring(&d->bell);
}

/* Header, data (if any), status: three descriptors at the same place each time. */
void virtio_blk_submit(struct virtio_blk *d, unsigned slot, enum virtio_blk_op op, uint64_t sector,
		       void *buf, uint32_t bytes)
{
	struct virtio_blk_slot *s = &d->slot[slot];
	uint16_t first = (uint16_t)(slot * DESCS), index = d->rings.avail.index;
	uint16_t data_flags = op == VIRTIO_BLK_OP_READ ? DESC_NEXT | DESC_WRITE : DESC_NEXT;
	struct virtio_desc *desc = &d->rings.desc[first];

	s->request.type = op;
	s->request.sector = sector;
	s->status = 0xff;
	s->busy = true;
	desc[0] = (struct virtio_desc){ address_of(&s->request), sizeof(s->request), DESC_NEXT,
					(uint16_t)(first + (bytes ? 1 : 2)) };
	desc[1] = (struct virtio_desc){ address_of(buf), bytes, data_flags, (uint16_t)(first + 2) };
	desc[2] = (struct virtio_desc){ address_of(&s->status), 1, DESC_WRITE, 0 };
	d->rings.avail.ring[index % VIRTIO_BLK_QUEUE] = first;
	__atomic_store_n(&d->rings.avail.index, (uint16_t)(index + 1), __ATOMIC_RELEASE);
	mb();
	virtio_blk_kick(d);
}

int virtio_blk_reap(struct virtio_blk *d)
{
	while (__atomic_load_n(&d->rings.used.index, __ATOMIC_ACQUIRE) != d->used_seen) {
		uint32_t id = d->rings.used.ring[d->used_seen++ % VIRTIO_BLK_QUEUE].id;

		if (id % DESCS || id / DESCS >= VIRTIO_BLK_DEPTH || !d->slot[id / DESCS].busy) {
			d->unasked++;
			continue;
		}
		d->slot[id / DESCS].busy = false;
		return (int)(id / DESCS);
	}
	return -1;
}

bool virtio_blk_is_broken(struct virtio_blk *d)
{
	return virtio_pci_is_broken(&d->pci);
}

int virtio_blk_await(struct virtio_blk *d)
{
	int slot;

	while ((slot = virtio_blk_reap(d)) < 0)
		irq_wait();
	return slot;
}

int virtio_blk_finish(struct virtio_blk *d)
{
	return d->slot[virtio_blk_await(d)].status;
}

void virtio_blk_start_read(struct virtio_blk *d, uint64_t sector, void *buf, uint32_t bytes)
{
	virtio_blk_submit(d, 0, VIRTIO_BLK_OP_READ, sector, buf, bytes);
}

int virtio_blk_read(struct virtio_blk *d, uint64_t sector, void *buf, uint32_t bytes)
{
	virtio_blk_submit(d, 0, VIRTIO_BLK_OP_READ, sector, buf, bytes);
	return virtio_blk_finish(d);
}

int virtio_blk_write(struct virtio_blk *d, uint64_t sector, const void *buf, uint32_t bytes)
{
	virtio_blk_submit(d, 0, VIRTIO_BLK_OP_WRITE, sector, (void *)buf, bytes);
	return virtio_blk_finish(d);
}

int virtio_blk_flush(struct virtio_blk *d)
{
	virtio_blk_submit(d, 0, VIRTIO_BLK_OP_FLUSH, 0, NULL, 0);
	return virtio_blk_finish(d);
}
