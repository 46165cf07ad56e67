/*
 * The BARs of a virtio function: an I/O BAR that is nothing but doorbells, and a memory BAR with
 * everything.
 */
#include "guests/service/pcidev.h"

#include "guests/service/kept_store.h"
#include "guests/service/pcibar.h"

_Static_assert(PCIDEV_IO == PCIBAR_IO && PCIDEV_MEMORY == PCIBAR_MEMORY, "the kept pages' order");

static struct pcibar_owner owner_of(const struct virtio_device *v)
{
	static const struct pcibar bars[KEPT_BARS] = {
		[PCIDEV_IO] = { VIRTIO_NOTIFY_BYTES, 0 },
		[PCIDEV_MEMORY] = { VIRTIO_REGION_BYTES, VIRTIO_REGION_NOTIFY },
	};

	return (struct pcibar_owner){
		.kept = v->kept,
		.bar = bars,
		.ioreq_cap = v->ioreq_cap,
		.ioreq_event = v->ioreq_event,
		.slot = v->slot,
		.doorbells = v->model->queues,
		.stride = VIRTIO_NOTIFY_STRIDE,
		.event = v->kick_event,
	};
}

void pcidev_decode(struct virtio_device *v)
{
	const struct pcibar_owner o = owner_of(v);

	pcibar_decode(&o);
}

void pcidev_power_on(struct virtio_device *v, uint32_t incarnation)
{
	const struct pcibar_owner o = owner_of(v);

	virtio_device_power_on(v);
	pcibar_power_on(&o);
	kept_store32(&v->kept->incarnation, incarnation);
}

void pcidev_recover(struct virtio_device *v)
{
	const struct pcibar_owner o = owner_of(v);

	pcibar_recover(&o);
}

bool pcidev_hit(const struct virtio_device *v, unsigned bar, uint64_t address, unsigned bytes,
		unsigned *offset)
{
	const struct pcibar_owner o = owner_of(v);

	return pcibar_hit(&o, bar, address, bytes, offset);
}
