/*
 * See vring.h.
 */
#include "guests/service/drivers/vring.h"

#include "guests/lib/mmio.h"
#include "guests/service/dma.h"
#include "guests/service/virtio_queue.h"

void vring_describe(struct vring *r, unsigned slot, const void *buffer, uint32_t bytes,
		    uint16_t flags)
{
	struct virtq_desc *desc = r->rings.desc;

	desc[slot] = (struct virtq_desc){ dma_bus(buffer), bytes, flags, 0 };
}

void vring_quiet(struct vring *r)
{
	volatile uint16_t *avail = r->rings.avail;

	avail[VIRTQ_RING_FLAGS] = VIRTQ_AVAIL_NO_INTERRUPT;
}

void vring_offer(struct vring *r, unsigned slot)
{
	volatile uint16_t *avail = r->rings.avail;

	avail[VIRTQ_RING_FIRST + r->offered % r->rings.size] = (uint16_t)slot;
	r->offered++;
	/* The device's read of idx acquires what stands before. */
	__atomic_store_n(&avail[VIRTQ_RING_IDX], r->offered, __ATOMIC_RELEASE);
}

/* The device sets its flag before it looks at idx for the last time. */
void vring_kick(struct vring *r)
{
	volatile uint16_t *used = r->rings.used;

	mb();
	if (!(used[VIRTQ_RING_FLAGS] & VIRTQ_USED_NO_NOTIFY))
		writew(r->rings.doorbell, r->index);
}

bool vring_take(struct vring *r, unsigned *slot, uint32_t *bytes)
{
	volatile uint16_t *used = r->rings.used;
	volatile struct virtq_used_elem *ring = (volatile void *)(used + VIRTQ_RING_FIRST);

	if (__atomic_load_n(&used[VIRTQ_RING_IDX], __ATOMIC_ACQUIRE) == r->taken)
		return false;
	*slot = ring[r->taken % r->rings.size].id;
	*bytes = ring[r->taken % r->rings.size].bytes;
	r->taken++;
	return true;
}
