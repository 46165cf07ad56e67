/*
 * Who owns which physical function. The config asks by class, by vendor and device, or by slot; the
 * first function that fits and is free is given, once and for ever, with its DMA off.
 */
#include "vmm/device.h"

#include "lib/format.h"
#include "lib/log.h"
#include "vmm/service.h"

#define CLASS_DISPLAY    0x03
#define CLASS_BRIDGE     0x06
#define CLASS_NVME       0x010802
#define CLASS_AHCI       0x010601
#define CLASS_IDE        0x0101 /* its interface byte is a set of modes */
#define VIRTIO_VENDOR    0x1af4
#define VIRTIO_BLOCK     0x1042
#define VIRTIO_BLOCK_OLD 0x1001 /* transitional */

static struct device devices[DEVICES];
static unsigned count;

unsigned device_count(void)
{
	return count;
}

struct device *device_get(unsigned index)
{
	return index < count ? &devices[index] : NULL;
}

struct device *device_of(const struct domain *owner, unsigned config_index)
{
	for (unsigned i = 0; i < count; i++)
		if (devices[i].owner == owner && devices[i].config_index == config_index)
			return &devices[i];
	return NULL;
}

static const struct device *device_of_function(const struct pci_function *f)
{
	for (unsigned i = 0; i < count; i++)
		if (devices[i].pci == f)
			return &devices[i];
	return NULL;
}

static bool class_fits(uint32_t wanted, const struct pci_function *f)
{
	return wanted >> 8 == CLASS_IDE ? f->class_code >> 8 == CLASS_IDE : f->class_code == wanted;
}

/* What our service domain has drivers for, the best first; virtio's numbers are of its section
   4.1.2.1. Those that may have no disk at all are last. */
enum { DISK_NVME, DISK_VIRTIO, DISK_AHCI, DISK_IDE, DISK_KINDS };

static unsigned device_disk_kind(const struct pci_function *f)
{
	if (f->class_code == CLASS_NVME)
		return DISK_NVME;
	if (f->vendor == VIRTIO_VENDOR &&
	    (f->device == VIRTIO_BLOCK || f->device == VIRTIO_BLOCK_OLD))
		return DISK_VIRTIO;
	if (f->class_code == CLASS_AHCI)
		return DISK_AHCI;
	return f->class_code >> 8 == CLASS_IDE ? DISK_IDE : DISK_KINDS;
}

/* kind: for CONFIG_BY_DISK. */
static bool device_fits(const struct config_device *c, const struct pci_function *f, unsigned kind)
{
	if (f->header != 0)
		return false;
	switch (c->match) {
	case CONFIG_BY_CLASS: return class_fits(c->class_code, f);
	case CONFIG_BY_ID: return f->vendor == c->vendor && f->device == c->device;
	case CONFIG_BY_SLOT: return f->bdf == c->slot;
	case CONFIG_BY_DISK: return device_disk_kind(f) == kind;
	default: return false;
	}
}

static void device_describe(const struct config_device *c, char *text, size_t size)
{
	switch (c->match) {
	case CONFIG_BY_CLASS: format(text, size, "class %06x", c->class_code); break;
	case CONFIG_BY_ID: format(text, size, "%04x:%04x", c->vendor, c->device); break;
	case CONFIG_BY_DISK: format(text, size, "NVMe, virtio, AHCI or IDE disk"); break;
	default:
		format(text, size, "slot %02x:%02x.%u", c->slot >> 8, c->slot >> 3 & 31,
		       c->slot & 7);
	}
}

static void device_log_machine(void)
{
	for (unsigned i = 0; i < pci_count(); i++) {
		const struct pci_function *f = pci_get(i);
		const struct device *v = device_of_function(f);

		if (f->header == 0 && f->class_code >> 16 != CLASS_BRIDGE)
			log_error("  the machine has %02x:%02x.%u  %04x:%04x  class %06x%s%s",
				  f->bdf >> 8, f->bdf >> 3 & 31, f->bdf & 7, f->vendor, f->device,
				  f->class_code, v ? ", given to " : "", v ? v->owner->name : "");
	}
}

static const struct pci_function *device_search_kind(const struct config_device *c, unsigned kind,
						     const struct device **taken)
{
	for (unsigned i = 0; i < pci_count(); i++) {
		const struct pci_function *f = pci_get(i);
		const struct device *v = device_of_function(f);

		if (!device_fits(c, f, kind))
			continue;
		if (!v)
			return f;
		*taken = v;
	}
	return NULL;
}

/* The first function that fits and is free. *taken: the last one that fits and is not. */
static const struct pci_function *device_search(const struct config_device *c,
						const struct device **taken)
{
	const struct pci_function *f = NULL;

	*taken = NULL;
	for (unsigned kind = 0; kind < DISK_KINDS && !f; kind++)
		f = device_search_kind(c, kind, taken);
	return f;
}

static void device_give(struct domain *d, unsigned index, const struct pci_function *f)
{
	struct device *v = &devices[count++];
	size_t pages = 0;

	v->owner = d;
	v->config_index = index;
	v->pci = f;
	for (unsigned bar = 0; bar < PCI_BARS; bar++)
		pages += device_bar_pages(v, bar);
	service_reserve(d, pages);
	device_irq_build(v);
	log_info("%s: owns %02x:%02x.%u (%04x:%04x, class %06x) as %s", d->name, f->bdf >> 8,
		 f->bdf >> 3 & 31, f->bdf & 7, f->vendor, f->device, f->class_code,
		 d->config->device[index].name);
}

static enum err device_find(struct domain *d, unsigned index)
{
	const struct config_device *c = &d->config->device[index];
	const struct device *taken;
	const struct pci_function *f = device_search(c, &taken);
	char what[32];

	device_describe(c, what, sizeof(what));
	if (f && count < DEVICES) {
		device_give(d, index, f);
		return OK;
	}
	if (f) {
		log_error("%s: device %s: more than %u devices are given out", d->name, c->name,
			  DEVICES);
		return ERR_NOMEM;
	}
	if (c->optional) {
		log_info("%s: device %s: no free %s here, goes without", d->name, c->name, what);
		return OK;
	}
	if (taken)
		log_error("%s: device %s: %s belongs to %s already", d->name, c->name, what,
			  taken->owner->name);
	else
		log_error("%s: device %s: this machine has no %s", d->name, c->name, what);
	return taken ? ERR_EXISTS : ERR_NOENT;
}

/* What firmware left running must not write into memory that now belongs to somebody: all but the
   screen and bridges. */
static void devices_silence(void)
{
	for (unsigned i = 0; i < pci_count(); i++) {
		const struct pci_function *f = pci_get(i);
		unsigned class = f->class_code >> 16;

		if (f->header == 0 && class != CLASS_DISPLAY && class != CLASS_BRIDGE)
			pci_quiesce(f);
	}
}

enum err devices_build(void)
{
	enum err result = OK;

	devices_silence();
	for (unsigned i = 0; i < domain_count(); i++) {
		struct domain *d = domain_get(i);

		for (unsigned j = 0; d->vcpus && j < d->config->devices; j++) {
			enum err e = device_find(d, j);

			if (e != OK)
				result = e;
		}
	}
	if (result != OK)
		device_log_machine();
	return result;
}

void devices_quiesce(struct domain *owner)
{
	for (unsigned i = 0; i < count; i++) {
		if (devices[i].owner != owner)
			continue;
		pci_quiesce(devices[i].pci);
		device_irq_drop(&devices[i]);
	}
}
