/*
 * BAR 2 of a served device. Doorbell writes normally become events in the hypervisor and never come
 * here; one through the access capability does.
 *
 *   0x0000 common   0x0400 ISR   0x0800 device   0x1000 MSI-X table   0x1800 PBA   0x2000 doorbells
 */
#include "guests/service/virtio_device.h"
#include "guests/service/virtio_port.h"

static uint64_t device_read(struct virtio_device *v, unsigned offset, unsigned bytes)
{
	uint64_t value = 0;

	v->model->config(v, offset, bytes, &value);
	return value;
}

uint64_t virtio_region_read(struct virtio_device *v, unsigned offset, unsigned bytes)
{
	if (offset >= VIRTIO_REGION_NOTIFY)
		return 0;
	if (offset >= VIRTIO_REGION_PBA)
		return virtio_msix_pending(v, offset - VIRTIO_REGION_PBA, bytes);
	if (offset >= VIRTIO_REGION_TABLE)
		return virtio_msix_read(v, offset - VIRTIO_REGION_TABLE, bytes);
	if (offset >= VIRTIO_REGION_DEVICE)
		return device_read(v, offset - VIRTIO_REGION_DEVICE, bytes);
	/* There is no INTx, so the ISR has nothing to say: reads have no effect. */
	if (offset >= VIRTIO_REGION_ISR)
		return 0;
	return virtio_common_read(v, offset, bytes);
}

void virtio_region_write(struct virtio_device *v, unsigned offset, unsigned bytes, uint64_t value)
{
	unsigned q = (offset - VIRTIO_REGION_NOTIFY) / VIRTIO_NOTIFY_STRIDE;

	if (offset >= VIRTIO_REGION_NOTIFY) {
		if (q < v->model->queues)
			virtio_port_again(v->kick_event[q]);
	} else if (offset >= VIRTIO_REGION_TABLE && offset < VIRTIO_REGION_PBA) {
		virtio_msix_write(v, offset - VIRTIO_REGION_TABLE, bytes, value);
	} else if (offset < VIRTIO_REGION_ISR) {
		virtio_common_write(v, offset, bytes, value);
	}
}
