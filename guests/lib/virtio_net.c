/* See virtio_net.h. A descriptor's index is that of its buffer, in both queues. */
#include "guests/lib/virtio_net.h"

#include "guests/lib/apic.h"
#include "guests/lib/mmio.h"
#include "guests/lib/trap.h"
#include "lib/string.h"

#define FEATURE_MAC BIT(5)
#define HEADER      12u
#define DESC_WRITE  2

static void interrupt(struct trap_frame *frame, void *arg)
{
	apic_eoi();
}

static void queue_offer(struct virtio_net_queue *q, unsigned i, uint32_t bytes, unsigned flags)
{
	uint16_t index = q->avail.index;

	q->desc[i] = (struct virtio_desc){ (uint64_t)(uintptr_t)&q->buffer[i], bytes,
					   (uint16_t)flags, 0 };
	q->avail.ring[index % VIRTIO_NET_BUFFERS] = (uint16_t)i;
	__atomic_store_n(&q->avail.index, (uint16_t)(index + 1), __ATOMIC_RELEASE);
}

static void queue_ring(struct virtio_net_queue *q)
{
	mb(); /* our index before the device's flag */
	if (!(__atomic_load_n(&q->used.flags, __ATOMIC_RELAXED) & 1))
		virtio_bell_ring(&q->bell);
}

/* The next buffer that the device has given back, with the bytes that it wrote; -1: none. */
static int queue_reap(struct virtio_net_queue *q, uint32_t *bytes)
{
	unsigned slot = q->used_seen % VIRTIO_NET_BUFFERS;

	if (__atomic_load_n(&q->used.index, __ATOMIC_ACQUIRE) == q->used_seen)
		return -1;
	q->used_seen++;
	*bytes = q->used.ring[slot].bytes;
	return (int)(q->used.ring[slot].id % VIRTIO_NET_BUFFERS);
}

static const char *queue_open(struct virtio_net *n, struct virtio_net_queue *q, unsigned number)
{
	struct virtio_rings rings = { q->desc, &q->avail, &q->used };

	return virtio_pci_queue(&n->pci, number, VIRTIO_NET_BUFFERS, &rings, &q->bell);
}

const char *virtio_net_open(struct virtio_net *n, unsigned function, unsigned vector)
{
	uint32_t features = FEATURE_MAC;
	const char *why;

	memset(n, 0, sizeof(*n));
	trap_bind(vector, interrupt, n);
	n->tx.avail.flags = 1; /* sent buffers are looked for when the next frame is sent */
	why = virtio_pci_open(&n->pci, function, vector, &features);
	if (!why && !features)
		why = "it has no address";
	if (!why)
		why = queue_open(n, &n->rx, 0);
	if (!why)
		why = queue_open(n, &n->tx, 1);
	if (why)
		return why;
	for (unsigned i = 0; i < VIRTIO_NET_MAC; i++)
		n->mac[i] = readb(n->pci.config + i);
	for (unsigned i = 0; i < VIRTIO_NET_BUFFERS; i++)
		queue_offer(&n->rx, i, sizeof(n->rx.buffer[i]), DESC_WRITE);
	virtio_pci_start(&n->pci);
	queue_ring(&n->rx);
	return NULL;
}

bool virtio_net_send(struct virtio_net *n, const void *frame, uint32_t bytes)
{
	struct virtio_net_queue *q = &n->tx;
	uint32_t none;
	int i = queue_reap(q, &none);

	if (i < 0 && q->fresh < VIRTIO_NET_BUFFERS)
		i = q->fresh++;
	if (i < 0)
		return false;
	memset(q->buffer[i].header, 0, HEADER);
	memcpy(q->buffer[i].frame, frame, bytes);
	queue_offer(q, (unsigned)i, HEADER + bytes, 0);
	queue_ring(q);
	return true;
}

uint32_t virtio_net_receive(struct virtio_net *n, void *buf)
{
	struct virtio_net_queue *q = &n->rx;
	uint32_t bytes;
	int i = queue_reap(q, &bytes);

	if (i < 0)
		return 0;
	bytes = bytes < HEADER ? 0 : MIN(bytes - HEADER, (uint32_t)VIRTIO_NET_FRAME);
	memcpy(buf, q->buffer[i].frame, bytes);
	queue_offer(q, (unsigned)i, sizeof(q->buffer[i]), DESC_WRITE);
	queue_ring(q);
	return bytes;
}

bool virtio_net_is_broken(const struct virtio_net *n)
{
	return virtio_pci_is_broken(&n->pci);
}
