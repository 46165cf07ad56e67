/*
 * BARs and the ranges behind them. kept->mapped says where ranges may be registered: stored before
 * they are added, cleared after they are removed, so that a new instance can always clean up.
 */
#include "abi/hypercall.h"
#include "abi/platform.h"
#include "guests/service/kept_store.h"
#include "guests/service/pcidev.h"
#include "guests/service/virtio_port.h"

#define COMMAND_IO     1u
#define COMMAND_MEMORY 2u

static const uint32_t bar_bytes[KEPT_BARS] = { VIRTIO_NOTIFY_BYTES, VIRTIO_REGION_BYTES };

/* Firmware of a PC goes by no table: it puts memory where PCs have it, up to the I/O APIC. The
   hypervisor refuses what is its own there. */
static bool bar_fits(unsigned bar, uint32_t base)
{
	uint64_t first = bar == PCIDEV_IO ? HV_GUEST_IO : HV_GUEST_MEM32;
	uint64_t bytes = bar == PCIDEV_IO ? HV_GUEST_IO_BYTES : HV_GUEST_IOAPIC - HV_GUEST_MEM32;

	return base >= first && base - first <= bytes - bar_bytes[bar];
}

/* Where the doorbells of a BAR begin, and the kind of range that they are. */
static uint32_t doorbells(unsigned bar, uint32_t base)
{
	return bar == PCIDEV_IO ? base : base + VIRTIO_REGION_NOTIFY;
}

static unsigned range_kind(unsigned bar)
{
	return bar == PCIDEV_IO ? HV_RANGE_PORT : HV_RANGE_MEMORY;
}

static void bar_unmap(struct virtio_device *v, unsigned bar)
{
	uint32_t base = v->kept->mapped[bar];
	unsigned kind = range_kind(bar);

	if (!base)
		return;
	for (unsigned q = 0; q < v->model->queues; q++)
		(void)virtio_port_remove(v->ioreq_cap, kind | HV_RANGE_DOORBELL,
					 doorbells(bar, base) + q * VIRTIO_NOTIFY_STRIDE);
	if (bar == PCIDEV_MEMORY)
		(void)virtio_port_remove(v->ioreq_cap, kind, base);
	kept_store32(&v->kept->mapped[bar], 0);
}

/* A range that the hypervisor refuses (the guest put the BAR over something else) is not decoded.
 */
static void bar_map(struct virtio_device *v, unsigned bar, uint32_t base)
{
	unsigned kind = range_kind(bar);

	kept_store32(&v->kept->mapped[bar], base);
	for (unsigned q = 0; q < v->model->queues; q++)
		(void)virtio_port_add(v->ioreq_cap, kind | HV_RANGE_DOORBELL,
				      doorbells(bar, base) + q * VIRTIO_NOTIFY_STRIDE,
				      VIRTIO_NOTIFY_STRIDE, v->kick_event[q]);
	if (bar == PCIDEV_MEMORY)
		(void)virtio_port_add(v->ioreq_cap, kind, base, VIRTIO_REGION_NOTIFY,
				      v->ioreq_event);
}

/* Where the BAR is to be found now; 0: nowhere. */
static uint32_t bar_decoded(const struct virtio_device *v, unsigned bar)
{
	uint32_t enable = bar == PCIDEV_IO ? COMMAND_IO : COMMAND_MEMORY;
	uint32_t base = v->kept->bar[bar];

	return (v->kept->command & enable) && bar_fits(bar, base) ? base : 0;
}

void pcidev_decode(struct virtio_device *v)
{
	for (unsigned bar = 0; bar < KEPT_BARS; bar++) {
		uint32_t base = bar_decoded(v, bar);

		if (base == v->kept->mapped[bar])
			continue;
		bar_unmap(v, bar);
		if (base)
			bar_map(v, bar, base);
	}
}

void pcidev_power_on(struct virtio_device *v, uint32_t incarnation)
{
	struct kept_device *k = v->kept;

	virtio_device_power_on(v);
	for (unsigned bar = 0; bar < KEPT_BARS; bar++)
		bar_unmap(v, bar);
	kept_store32(&k->bar[PCIDEV_IO], HV_GUEST_IO + v->slot * VIRTIO_NOTIFY_BYTES);
	kept_store32(&k->bar[PCIDEV_MEMORY],
		     (uint32_t)HV_GUEST_MEM32 + v->slot * VIRTIO_REGION_BYTES);
	kept_store32(&k->interrupt_line, 0xff);
	kept_store32(&k->command, COMMAND_IO | COMMAND_MEMORY);
	pcidev_decode(v);
	kept_store32(&k->incarnation, incarnation);
}

/* A range that is where it was takes its own place: the guest runs meanwhile, and must find it at
   any time, even if this domain dies before it is registered anew. */
void pcidev_recover(struct virtio_device *v)
{
	for (unsigned bar = 0; bar < KEPT_BARS; bar++)
		if (v->kept->mapped[bar] && v->kept->mapped[bar] == bar_decoded(v, bar))
			bar_map(v, bar, v->kept->mapped[bar]);
	pcidev_decode(v);
}

bool pcidev_hit(const struct virtio_device *v, unsigned bar, uint64_t address, unsigned bytes,
		unsigned *offset)
{
	uint32_t base = v->kept->mapped[bar];

	if (!base || address < base || address - base > bar_bytes[bar] - bytes)
		return false;
	*offset = (unsigned)(address - base);
	return true;
}
