/* See virtio_blk.h. Section numbers are those of virtio 1.2. */
#include "guests/lib/virtio_blk.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/paging.h"
#include "guests/lib/pci.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "lib/addr.h"
#include "lib/string.h"

/* Capability types (4.1.4) and the words of one. */
enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_DEVICE = 4 };
enum { CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_MULTIPLIER = 16 };

/* Common configuration (4.1.4.3). */
enum {
	FEATURE_SELECT = 0,
	FEATURE = 4,
	DRIVER_SELECT = 8,
	DRIVER_FEATURE = 12,
	CONFIG_VECTOR = 16,
	STATUS = 20,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY_OFFSET = 30,
	QUEUE_DESC = 32,
	QUEUE_DRIVER = 40,
	QUEUE_DEVICE = 48,
};

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };

#define FEATURE_READ_ONLY BIT(5)
#define FEATURE_FLUSH     BIT(9)
#define FEATURE_VERSION_1 1u /* bit 32: the first of the second word */

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESCS = 3 };

_Static_assert(VIRTIO_BLK_DEPTH *DESCS <= VIRTIO_BLK_QUEUE, "descriptors for each slot");

static uint64_t address_of(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Where a capability's structure lies. */
static struct pci_bar locate(unsigned function, unsigned cap)
{
	struct pci_bar bar = pci_bar(function, pci_read(function, cap + CAP_BAR, 1));

	if (bar.base)
		bar.base += pci_read(function, cap + CAP_OFFSET, 4);
	if (bar.base > 4 * GIB_1)
		paging_map(bar.base, PAGE_SIZE, PAGING_WRITE);
	return bar;
}

/* Both doorbells of queue 0; its offset is known once the common configuration is. */
static void find_doorbells(struct virtio_blk *d)
{
	uint64_t offset = readw(d->common + QUEUE_NOTIFY_OFFSET);
	unsigned cap = 0;

	while ((cap = pci_capability(d->function, PCI_CAP_VENDOR, cap)) != 0) {
		struct pci_bar at = locate(d->function, cap);

		if (pci_read(d->function, cap + CAP_TYPE, 1) != CAP_NOTIFY || !at.base)
			continue;
		at.base += offset * pci_read(d->function, cap + CAP_MULTIPLIER, 4);
		if (at.is_port)
			d->notify_port = (uint16_t)at.base;
		else
			d->notify_memory = (volatile uint16_t *)(uintptr_t)at.base;
	}
}

static void find_structures(struct virtio_blk *d)
{
	unsigned cap = 0;

	while ((cap = pci_capability(d->function, PCI_CAP_VENDOR, cap)) != 0) {
		unsigned type = pci_read(d->function, cap + CAP_TYPE, 1);
		struct pci_bar at = locate(d->function, cap);
		volatile uint8_t *p = at.is_port ? NULL : (volatile uint8_t *)(uintptr_t)at.base;

		if (type == CAP_COMMON)
			d->common = p;
		else if (type == CAP_DEVICE)
			d->config = p;
	}
}

static const char *negotiate(struct virtio_blk *d)
{
	uint64_t end = time_after(NS_PER_SEC);

	writeb(d->common + STATUS, 0);
	while (readb(d->common + STATUS)) {
		if (rdtsc() > end)
			return "it does not come out of reset";
	}
	writeb(d->common + STATUS, ACKNOWLEDGE | DRIVER);
	writel(d->common + FEATURE_SELECT, 0);
	uint32_t low = readl(d->common + FEATURE);
	writel(d->common + FEATURE_SELECT, 1);
	if (!(readl(d->common + FEATURE) & FEATURE_VERSION_1))
		return "it is not a virtio 1.x device";
	d->read_only = low & FEATURE_READ_ONLY;
	writel(d->common + DRIVER_SELECT, 0);
	writel(d->common + DRIVER_FEATURE, low & (uint32_t)(FEATURE_READ_ONLY | FEATURE_FLUSH));
	writel(d->common + DRIVER_SELECT, 1);
	writel(d->common + DRIVER_FEATURE, FEATURE_VERSION_1);
	writeb(d->common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return readb(d->common + STATUS) & FEATURES_OK ? NULL : "it refuses the features";
}

static const char *start_queue(struct virtio_blk *d)
{
	writew(d->common + QUEUE_SELECT, 0);
	if (readw(d->common + QUEUE_SIZE) < VIRTIO_BLK_QUEUE)
		return "its queue is too short";
	writew(d->common + QUEUE_SIZE, VIRTIO_BLK_QUEUE);
	writew(d->common + CONFIG_VECTOR, 0);
	writew(d->common + QUEUE_VECTOR, 0);
	if (readw(d->common + QUEUE_VECTOR) != 0)
		return "it has no interrupt for the queue";
	writeq(d->common + QUEUE_DESC, address_of(d->rings.desc));
	writeq(d->common + QUEUE_DRIVER, address_of(&d->rings.avail));
	writeq(d->common + QUEUE_DEVICE, address_of(&d->rings.used));
	find_doorbells(d);
	if (!d->notify_port && !d->notify_memory)
		return "it has no doorbell";
	writew(d->common + QUEUE_ENABLE, 1);
	writeb(d->common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	return NULL;
}

static void interrupt(struct trap_frame *frame, void *arg)
{
	struct virtio_blk *d = arg;

	d->interrupts++;
	apic_eoi();
}

const char *virtio_blk_open(struct virtio_blk *d, unsigned function, unsigned vector)
{
	unsigned command = pci_read(function, PCI_COMMAND, 2);
	const char *why;

	memset(d, 0, sizeof(*d));
	d->function = function;
	command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	pci_write(function, PCI_COMMAND, 2, command);
	find_structures(d);
	if (!d->common || !d->config)
		return "its configuration is not where virtio 1.x puts it";
	trap_bind(vector, interrupt, d);
	why = negotiate(d);
	if (!why && !pci_msix_bind(function, 0, vector))
		why = "it has no MSI-X";
	if (!why)
		why = start_queue(d);
	if (!why)
		d->sectors = readl(d->config) | (uint64_t)readl(d->config + 4) << 32;
	return why;
}

void virtio_blk_kick(struct virtio_blk *d)
{
	if (d->notify_port)
		outw(d->notify_port, 0);
	else
		writew(d->notify_memory, 0);
}

/* Header, data (if any), status: three descriptors at the same place each time. */
void virtio_blk_submit(struct virtio_blk *d, unsigned slot, enum virtio_blk_op op, uint64_t sector,
		       void *buf, uint32_t bytes)
{
	struct virtio_blk_slot *s = &d->slot[slot];
	uint16_t first = (uint16_t)(slot * DESCS), index = d->rings.avail.index;
	uint16_t data_flags = op == VIRTIO_BLK_OP_READ ? DESC_NEXT | DESC_WRITE : DESC_NEXT;
	struct virtio_blk_desc *desc = &d->rings.desc[first];

	s->request.type = op;
	s->request.sector = sector;
	s->status = 0xff;
	s->busy = true;
	desc[0] = (struct virtio_blk_desc){ address_of(&s->request), sizeof(s->request), DESC_NEXT,
					    (uint16_t)(first + (bytes ? 1 : 2)) };
	desc[1] = (struct virtio_blk_desc){ address_of(buf), bytes, data_flags,
					    (uint16_t)(first + 2) };
	desc[2] = (struct virtio_blk_desc){ address_of(&s->status), 1, DESC_WRITE, 0 };
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
	return readb(d->common + STATUS) & NEEDS_RESET;
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
