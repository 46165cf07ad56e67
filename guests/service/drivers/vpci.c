/*
 * See vpci.h.
 */
#include "guests/service/drivers/vpci.h"

#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/pcifn.h"

#define RESET_NS NS_PER_SEC
#define PAGE     4096u

static volatile uint8_t *cap_map(const struct hv_device *d, unsigned at, uint32_t bytes)
{
	unsigned bar = pcifn_read(d, at + 4, 1);
	uint32_t offset = pcifn_read(d, at + 8, 4);
	uint32_t length = pcifn_read(d, at + 12, 4);
	volatile uint8_t *base = pcifn_bar(d, bar);

	if (!base || length < bytes || offset > d->bar_bytes[bar] ||
	    length > d->bar_bytes[bar] - offset)
		return NULL;
	return base + offset;
}

bool vpci_find(struct vpci *p, const struct hv_device *d, uint32_t config)
{
	unsigned at = 0;

	*p = (struct vpci){ 0 };
	/* The list may loop: it has less than 48 members. */
	for (unsigned i = 0; i < 48; i++) {
		unsigned type;

		at = pcifn_capability(d, PCIFN_CAP_VENDOR, at);
		if (!at)
			break;
		type = pcifn_read(d, at + 3, 1);
		if (type == VIRTIO_CAP_COMMON && !p->common) {
			p->common =
				(volatile struct virtio_common *)cap_map(d, at, sizeof(*p->common));
		} else if (type == VIRTIO_CAP_NOTIFY && !p->notify) {
			p->notify = cap_map(d, at, 2);
			p->notify_stride = pcifn_read(d, at + 16, 4);
		} else if (type == VIRTIO_CAP_DEVICE && !p->device) {
			p->device = cap_map(d, at, config);
		}
	}
	return p->common && p->notify && p->device;
}

bool vpci_reset(struct vpci *p)
{
	uint64_t end = time_ns() + RESET_NS;

	writeb(&p->common->device_status, 0);
	while (readb(&p->common->device_status) != 0) {
		if (time_ns() >= end)
			return false;
		cpu_relax();
	}
	return true;
}

static uint64_t features_offered(struct vpci *p)
{
	uint64_t low, high;

	writel(&p->common->device_feature_select, 0);
	low = readl(&p->common->device_feature);
	writel(&p->common->device_feature_select, 1);
	high = readl(&p->common->device_feature);
	return low | high << 32;
}

uint64_t vpci_negotiate(struct vpci *p, uint64_t wanted)
{
	uint64_t agreed;
	uint8_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

	writeb(&p->common->device_status, status);
	agreed = features_offered(p) & wanted;
	for (unsigned word = 0; word < 2; word++) {
		writel(&p->common->driver_feature_select, word);
		writel(&p->common->driver_feature, (uint32_t)(agreed >> (32 * word)));
	}
	status |= VIRTIO_STATUS_FEATURES_OK;
	writeb(&p->common->device_status, status);
	return readb(&p->common->device_status) & VIRTIO_STATUS_FEATURES_OK ? agreed : 0;
}

unsigned vpci_queue_size(struct vpci *p, unsigned index)
{
	writew(&p->common->queue_select, (uint16_t)index);
	return readw(&p->common->queue_size);
}

void vpci_rings_alloc(struct vpci_rings *r, unsigned size)
{
	r->size = size;
	r->desc = dma_alloc(PAGE);
	r->avail = dma_alloc(PAGE);
	r->used = dma_alloc(PAGE);
}

/* 64-bit fields as two halves: what virtio 1.2, 4.1.3.1 asks of a driver. */
static void address_write(volatile uint64_t *field, const void *p)
{
	volatile uint32_t *half = (volatile uint32_t *)field;

	writel(&half[0], (uint32_t)dma_bus(p));
	writel(&half[1], (uint32_t)(dma_bus(p) >> 32));
}

bool vpci_queue(struct vpci *p, unsigned index, struct vpci_rings *r, unsigned vector)
{
	writew(&p->common->config_msix_vector, VIRTIO_NO_VECTOR);
	writew(&p->common->queue_select, (uint16_t)index);
	writew(&p->common->queue_size, (uint16_t)r->size);
	writew(&p->common->queue_msix_vector, (uint16_t)vector);
	if (readw(&p->common->queue_msix_vector) != vector)
		return false;
	address_write(&p->common->queue_desc, r->desc);
	address_write(&p->common->queue_driver, r->avail);
	address_write(&p->common->queue_device, r->used);
	r->doorbell = p->notify + readw(&p->common->queue_notify_off) * p->notify_stride;
	writew(&p->common->queue_enable, 1);
	return true;
}

void vpci_config_vector(struct vpci *p, unsigned vector)
{
	writew(&p->common->config_msix_vector, (uint16_t)vector);
}

void vpci_run(struct vpci *p)
{
	writeb(&p->common->device_status,
	       readb(&p->common->device_status) | VIRTIO_STATUS_DRIVER_OK);
}
