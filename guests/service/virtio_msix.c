/*
 * MSI-X of a served device (PCI 3.0, 6.8.2). Table, mask and pending bits are kept: a message that
 * was pending when the service domain died is sent by the next instance at the unmask.
 */
#include "guests/service/kept_store.h"
#include "guests/service/virtio_device.h"
#include "guests/service/virtio_port.h"

#define ENTRY_BYTES   16u
#define ENTRY_ADDRESS 0u
#define ENTRY_HIGH    4u
#define ENTRY_DATA    8u
#define ENTRY_CONTROL 12u

static bool vector_is_masked(const struct virtio_device *v, unsigned vector)
{
	return (v->kept->msix_control & VIRTIO_MSIX_MASK) || (v->kept->vector[vector].control & 1);
}

/* Raise first, then forget: killed in between, the guest gets one interrupt too many, never one
   too few. */
static void send_pending(struct virtio_device *v)
{
	struct kept_device *k = v->kept;

	if (!(k->msix_control & VIRTIO_MSIX_ENABLE))
		return;
	for (unsigned i = 0; i < KEPT_VECTORS; i++) {
		if (!(k->msix_pending & BIT(i)) || vector_is_masked(v, i))
			continue;
		virtio_port_irq(v->irq_cap, k->vector[i].address, k->vector[i].data);
		kept_store64(&k->msix_pending, k->msix_pending & ~BIT(i));
	}
}

void virtio_msix_notify(struct virtio_device *v, unsigned vector)
{
	struct kept_device *k = v->kept;

	if (vector >= KEPT_VECTORS || !(k->msix_control & VIRTIO_MSIX_ENABLE))
		return;
	if (vector_is_masked(v, vector))
		kept_store64(&k->msix_pending, k->msix_pending | BIT(vector));
	else
		virtio_port_irq(v->irq_cap, k->vector[vector].address, k->vector[vector].data);
}

void virtio_msix_control(struct virtio_device *v, uint32_t control)
{
	kept_store32(&v->kept->msix_control, control & (VIRTIO_MSIX_ENABLE | VIRTIO_MSIX_MASK));
	send_pending(v);
}

static uint32_t entry_read(const struct kept_vector *e, unsigned field)
{
	switch (field) {
	case ENTRY_ADDRESS: return (uint32_t)e->address;
	case ENTRY_HIGH: return (uint32_t)(e->address >> 32);
	case ENTRY_DATA: return e->data;
	default: return e->control;
	}
}

static void entry_write(struct kept_vector *e, unsigned field, uint32_t value)
{
	switch (field) {
	case ENTRY_ADDRESS:
		kept_store64(&e->address, field_set(MASK(31, 0), e->address, value & ~3u));
		break;
	case ENTRY_HIGH:
		kept_store64(&e->address, field_set(MASK(63, 32), e->address, value));
		break;
	case ENTRY_DATA: kept_store32(&e->data, value); break;
	default: kept_store32(&e->control, value & 1); break;
	}
}

uint64_t virtio_msix_read(struct virtio_device *v, unsigned offset, unsigned bytes)
{
	unsigned entry = offset / ENTRY_BYTES, field = offset % ENTRY_BYTES;
	uint64_t value;

	if (entry >= KEPT_VECTORS || bytes < 4 || offset % bytes)
		return 0;
	value = entry_read(&v->kept->vector[entry], field);
	if (bytes == 8)
		value |= (uint64_t)entry_read(&v->kept->vector[entry], field + 4) << 32;
	return value;
}

void virtio_msix_write(struct virtio_device *v, unsigned offset, unsigned bytes, uint64_t value)
{
	unsigned entry = offset / ENTRY_BYTES, field = offset % ENTRY_BYTES;

	if (entry >= KEPT_VECTORS || bytes < 4 || offset % bytes)
		return;
	entry_write(&v->kept->vector[entry], field, (uint32_t)value);
	if (bytes == 8)
		entry_write(&v->kept->vector[entry], field + 4, (uint32_t)(value >> 32));
	send_pending(v);
}

uint64_t virtio_msix_pending(struct virtio_device *v, unsigned offset, unsigned bytes)
{
	return offset < 8 ? v->kept->msix_pending >> (offset * 8) & ones(bytes) : 0;
}
