/*
 * A physical virtio-net card: one receive queue and one transmit queue with a buffer for each slot,
 * which holds virtio's header and the frame behind it. Checksums and segmentation are left to the
 * switch, so the header is all zeros.
 */
#include "guests/service/drivers/vnet.h"

#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/pcifn.h"
#include "guests/service/drivers/vring.h"
#include "guests/service/virtio.h"
#include "guests/service/virtio_queue.h"

#define VNET_CARDS  4
#define BUDGET      64u /* frames a turn */
#define PAGE        4096u
#define BUFFER      2048u
#define HEADER      ((uint32_t)sizeof(struct virtio_net_header))
#define CONFIG      8u /* address and status */
#define SLOTS_MIN   16u
#define DEVICE_OLD  0x1000u /* transitional */
#define QUEUE_RX    0
#define QUEUE_TX    1
#define VECTOR_RX   0
#define VECTOR_LINK 1

struct vnet {
	const struct hv_device *device;
	struct vpci pci;
	struct vring rx, tx;
	uint8_t *rx_buffers, *tx_buffers;
	uint16_t free[VRING_MAX]; /* slots of tx */
	unsigned frees;
	struct net_port port;
	unsigned event;
	bool link;
};

static struct vnet cards[VNET_CARDS];
static unsigned card_count;

bool vnet_is(const struct hv_device *d)
{
	return d->vendor == VIRTIO_VENDOR &&
	       (d->device == VIRTIO_DEVICE_BASE + VIRTIO_ID_NET || d->device == DEVICE_OLD);
}

void vnet_quiet(const struct hv_device *d)
{
	struct vpci p;

	pcifn_enable(d, false);
	if (vpci_find(&p, d, CONFIG) && !vpci_reset(&p))
		print("virtio-net at slot %#x: does not stop\n", d->slot);
}

/* What was sent is looked at only when something is to be sent: it needs no interrupt. */
static void reclaim(struct vnet *v)
{
	unsigned slot;
	uint32_t bytes;

	while (v->frees < v->tx.rings.size && vring_take(&v->tx, &slot, &bytes))
		if (slot < v->tx.rings.size)
			v->free[v->frees++] = (uint16_t)slot;
}

static bool vnet_send(struct net_port *p, const struct net_frame *f)
{
	struct vnet *v = p->owner;
	unsigned slot;
	uint8_t *buffer;

	if (!v->link || f->bytes > BUFFER - HEADER)
		return false;
	reclaim(v);
	if (!v->frees)
		return false;
	slot = v->free[--v->frees];
	buffer = v->tx_buffers + slot * BUFFER;
	net_copy(f, 0, buffer + HEADER, f->bytes);
	vring_describe(&v->tx, slot, buffer, HEADER + f->bytes, 0);
	vring_offer(&v->tx, slot);
	vring_kick(&v->tx);
	return true;
}

static void receive_slot(struct vnet *v, unsigned slot, uint32_t bytes)
{
	struct window_part part = { v->rx_buffers + slot * BUFFER + HEADER, bytes - HEADER };
	struct net_frame frame = { .part = &part, .parts = 1, .bytes = part.bytes };

	if (bytes >= HEADER + NET_HEADER && bytes <= BUFFER && v->port.to)
		net_receive(&v->port, &frame);
	vring_offer(&v->rx, slot);
}

static void vnet_event(void *arg)
{
	struct vnet *v = arg;
	unsigned slot, n = 0;
	uint32_t bytes;

	for (; n < BUDGET && vring_take(&v->rx, &slot, &bytes); n++)
		if (slot < v->rx.rings.size)
			receive_slot(v, slot, bytes);
	if (n)
		vring_kick(&v->rx);
	if (n == BUDGET)
		event_again(v->event);
}

static bool has_link(struct vnet *v)
{
	volatile struct virtio_net_config *c = (volatile void *)v->pci.device;

	return readw(&c->status) & VIRTIO_NET_LINK_UP;
}

static void link_event(void *arg)
{
	struct vnet *v = arg;
	bool link = has_link(v);

	if (link != v->link)
		print("%s: link %s\n", v->port.name, link ? "up" : "down");
	v->link = link;
}

static bool ring_alloc(struct vnet *v, struct vring *r, unsigned index, uint8_t **buffers)
{
	unsigned size = MIN(vpci_queue_size(&v->pci, index), VRING_MAX);

	if (size < SLOTS_MIN || size & (size - 1))
		return false;
	/* Half of what the pool has is for the other queue. */
	while (size > SLOTS_MIN && (index + 1) * (size * BUFFER + 3 * PAGE) > dma_left())
		size /= 2;
	r->index = (uint16_t)index;
	vpci_rings_alloc(&r->rings, size);
	*buffers = dma_alloc(size * BUFFER);
	return *buffers;
}

static bool rings_alloc(struct vnet *v)
{
	if (!ring_alloc(v, &v->tx, QUEUE_TX, &v->tx_buffers) ||
	    !ring_alloc(v, &v->rx, QUEUE_RX, &v->rx_buffers))
		return false;
	vring_quiet(&v->tx);
	for (unsigned i = 0; i < v->tx.rings.size; i++)
		v->free[v->frees++] = (uint16_t)i;
	for (unsigned i = 0; i < v->rx.rings.size; i++) {
		vring_describe(&v->rx, i, v->rx_buffers + i * BUFFER, BUFFER, VIRTQ_DESC_WRITE);
		vring_offer(&v->rx, i);
	}
	return true;
}

/* A card that says nothing of its link has one. */
static void link_start(struct vnet *v, uint64_t features)
{
	unsigned event;

	v->link = true;
	if (!(features & VIRTIO_NET_F_STATUS))
		return;
	v->link = has_link(v);
	if (v->device->interrupts <= VECTOR_LINK)
		return;
	event = event_alloc();
	event_bind(event, link_event, v);
	if (hv_irq_bind(v->device->cap, VECTOR_LINK, event) >= 0)
		vpci_config_vector(&v->pci, VECTOR_LINK);
}

static const char *bring_up(struct vnet *v)
{
	uint64_t needed = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC, features;

	if (!vpci_find(&v->pci, v->device, CONFIG))
		return "no modern virtio structures (a legacy device?)";
	if (!vpci_reset(&v->pci))
		return "does not reset";
	features = vpci_negotiate(&v->pci, needed | VIRTIO_NET_F_STATUS);
	if ((features & needed) != needed)
		return "lacks virtio 1.0 or an address";
	if (!rings_alloc(v))
		return "the DMA pool is too small: raise `dma-pool` in the config";
	for (unsigned i = 0; i < NET_MAC; i++)
		v->port.mac[i] = readb(v->pci.device + i);
	v->event = event_alloc();
	event_bind(v->event, vnet_event, v);
	if (hv_irq_bind(v->device->cap, VECTOR_RX, v->event) < 0 ||
	    !vpci_queue(&v->pci, QUEUE_RX, &v->rx.rings, VECTOR_RX) ||
	    !vpci_queue(&v->pci, QUEUE_TX, &v->tx.rings, VIRTIO_NO_VECTOR))
		return "no MSI-X interrupt";
	link_start(v, features);
	vpci_run(&v->pci);
	vring_kick(&v->rx);
	return NULL;
}

struct net_port *vnet_open(const struct hv_device *d)
{
	struct vnet *v = &cards[card_count];
	const uint8_t *mac = v->port.mac;
	const char *why;

	if (card_count == VNET_CARDS) {
		print("virtio-net at slot %#x: more than %u of them\n", d->slot, VNET_CARDS);
		return NULL;
	}
	*v = (struct vnet){ .device = d, .port = { .uplink = true, .send = vnet_send } };
	v->port.owner = v;
	pcifn_name(d, "virtio-net", v->port.name, sizeof(v->port.name));
	pcifn_enable(d, true);
	why = bring_up(v);
	if (why) {
		print("%s: %s\n", v->port.name, why);
		return NULL;
	}
	print("%s: %02x:%02x:%02x:%02x:%02x:%02x, link %s\n", v->port.name, mac[0], mac[1], mac[2],
	      mac[3], mac[4], mac[5], v->link ? "up" : "down");
	card_count++;
	return &v->port;
}
