/* See virtio_pci.h. Section numbers are those of virtio 1.2. */
#include "guests/lib/virtio_pci.h"

#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/paging.h"
#include "guests/lib/pci.h"
#include "guests/lib/time.h"
#include "lib/addr.h"

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

#define FEATURE_VERSION_1 1u /* bit 32: the first of the second word */

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

static void find_bell(const struct virtio_pci *p, struct virtio_bell *bell)
{
	uint64_t offset = readw(p->common + QUEUE_NOTIFY_OFFSET);
	unsigned cap = 0;

	while ((cap = pci_capability(p->function, PCI_CAP_VENDOR, cap)) != 0) {
		struct pci_bar at = locate(p->function, cap);

		if (pci_read(p->function, cap + CAP_TYPE, 1) != CAP_NOTIFY || !at.base)
			continue;
		at.base += offset * pci_read(p->function, cap + CAP_MULTIPLIER, 4);
		if (at.is_port)
			bell->port = (uint16_t)at.base;
		else
			bell->memory = (volatile uint16_t *)(uintptr_t)at.base;
	}
}

static void find_structures(struct virtio_pci *p)
{
	unsigned cap = 0;

	while ((cap = pci_capability(p->function, PCI_CAP_VENDOR, cap)) != 0) {
		unsigned type = pci_read(p->function, cap + CAP_TYPE, 1);
		struct pci_bar at = locate(p->function, cap);
		volatile uint8_t *base = at.is_port ? NULL : (volatile uint8_t *)(uintptr_t)at.base;

		if (type == CAP_COMMON)
			p->common = base;
		else if (type == CAP_DEVICE)
			p->config = base;
	}
}

static const char *negotiate(struct virtio_pci *p, uint32_t *features)
{
	uint64_t end = time_after(NS_PER_SEC);

	writeb(p->common + STATUS, 0);
	while (readb(p->common + STATUS)) {
		if (rdtsc() > end)
			return "it does not come out of reset";
	}
	writeb(p->common + STATUS, ACKNOWLEDGE | DRIVER);
	writel(p->common + FEATURE_SELECT, 0);
	*features &= readl(p->common + FEATURE);
	writel(p->common + FEATURE_SELECT, 1);
	if (!(readl(p->common + FEATURE) & FEATURE_VERSION_1))
		return "it is not a virtio 1.x device";
	writel(p->common + DRIVER_SELECT, 0);
	writel(p->common + DRIVER_FEATURE, *features);
	writel(p->common + DRIVER_SELECT, 1);
	writel(p->common + DRIVER_FEATURE, FEATURE_VERSION_1);
	writeb(p->common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return readb(p->common + STATUS) & FEATURES_OK ? NULL : "it refuses the features";
}

const char *virtio_pci_open(struct virtio_pci *p, unsigned function, unsigned vector,
			    uint32_t *features)
{
	unsigned command = pci_read(function, PCI_COMMAND, 2);
	const char *why;

	*p = (struct virtio_pci){ .function = function };
	command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	pci_write(function, PCI_COMMAND, 2, command);
	find_structures(p);
	if (!p->common || !p->config)
		return "its configuration is not where virtio 1.x puts it";
	why = negotiate(p, features);
	if (why)
		return why;
	if (!pci_msix_bind(function, 0, vector))
		return "it has no MSI-X";
	writew(p->common + CONFIG_VECTOR, 0);
	return NULL;
}

const char *virtio_pci_queue(struct virtio_pci *p, unsigned queue, unsigned size,
			     const struct virtio_rings *rings, struct virtio_bell *bell)
{
	writew(p->common + QUEUE_SELECT, (uint16_t)queue);
	if (readw(p->common + QUEUE_SIZE) < size)
		return "a queue is too short";
	writew(p->common + QUEUE_SIZE, (uint16_t)size);
	writew(p->common + QUEUE_VECTOR, 0);
	if (readw(p->common + QUEUE_VECTOR) != 0)
		return "it has no interrupt for a queue";
	writeq(p->common + QUEUE_DESC, (uint64_t)(uintptr_t)rings->desc);
	writeq(p->common + QUEUE_DRIVER, (uint64_t)(uintptr_t)rings->avail);
	writeq(p->common + QUEUE_DEVICE, (uint64_t)(uintptr_t)rings->used);
	*bell = (struct virtio_bell){ .queue = (uint16_t)queue };
	find_bell(p, bell);
	if (!bell->port && !bell->memory)
		return "a queue has no doorbell";
	writew(p->common + QUEUE_ENABLE, 1);
	return NULL;
}

void virtio_pci_start(struct virtio_pci *p)
{
	writeb(p->common + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

bool virtio_pci_is_broken(const struct virtio_pci *p)
{
	return readb(p->common + STATUS) & NEEDS_RESET;
}

void virtio_bell_ring(const struct virtio_bell *bell)
{
	if (bell->port)
		outw(bell->port, bell->queue);
	else
		writew(bell->memory, bell->queue);
}
