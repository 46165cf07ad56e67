/*
 * A host-side rig for a guest's network card: its RAM and kept pages, which outlive an instance of
 * the service domain, a driver's view of its queues, and a peer on the same switch. Included by one
 * test file.
 */
#ifndef TESTS_UNIT_NET_RIG_H
#define TESTS_UNIT_NET_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/hypercall.h"
#include "guests/lib/boot.h"
#include "guests/service/kept_store.h"
#include "guests/service/virtio_port.h"

/* Included, as an instance of the service domain begins with its table empty. */
#include "guests/service/net_card.c"

#define RAM     0x80000u
#define QUEUE   16u
#define QUEUES  5u
#define RING(q) ((q)*0x2000u)
#define AVAIL   0x800u
#define USED    0x1000u
#define DATA(q) (0x10000u + (q)*0x10000u)
#define BUFFER  0x800u
#define RX      0u
#define TX      1u
#define CTRL    4u
#define HEADER  sizeof(struct virtio_net_header)
#define FEATURES                                                                                   \
	(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM |                        \
	 VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_MRG_RXBUF |               \
	 VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR |                \
	 VIRTIO_NET_F_MQ)

static struct hv_boot page = { .bridges = 1 };
struct hv_boot *boot = &page;
static uint8_t ram[RAM] ALIGNED(4096), kept[2 * KEPT_PAGE] ALIGNED(4096);
static struct virtio_device device;
static struct window window;
static struct net_port peer;
static unsigned got, interrupts, lines, held;
static uint8_t got_frame[NET_FRAME_MAX];
static uint32_t got_bytes;
static uint64_t now;
static struct hv_served served = { .guest = 1, .kind = HV_SERVED_NET, .mac = { 2, 0, 0, 0, 0, 1 } };

void print(const char *fmt, ...);
void print(const char *fmt, ...)
{
	lines++;
}

void virtio_port_irq(uint32_t cap, uint64_t address, uint32_t data)
{
	interrupts++;
}

int64_t virtio_port_add(uint32_t cap, unsigned kind, uint64_t base, uint64_t bytes, unsigned event)
{
	return 0;
}

int64_t virtio_port_remove(uint32_t cap, unsigned kind, uint64_t base)
{
	return 0;
}

void virtio_port_again(unsigned event)
{
}

uint64_t virtio_port_now(void)
{
	return now;
}

void virtio_port_hold(struct timer *t, unsigned event, uint64_t until)
{
	held++;
}

static bool peer_send(struct net_port *p, const struct net_frame *f)
{
	got++;
	got_bytes = f->bytes;
	net_copy(f, 0, got_frame, f->bytes);
	return true;
}

static uint16_t *ring16(unsigned q, unsigned part)
{
	return (uint16_t *)(ram + RING(q) + part);
}

static void desc(unsigned q, unsigned i, uint64_t address, uint32_t bytes, unsigned flags)
{
	struct virtq_desc *d = (struct virtq_desc *)(ram + RING(q));

	d[i] = (struct virtq_desc){ address, bytes, (uint16_t)flags, (uint16_t)(i + 1) };
}

static void offer(unsigned q, uint16_t head)
{
	uint16_t *avail = ring16(q, AVAIL);

	avail[VIRTQ_RING_FIRST + avail[VIRTQ_RING_IDX] % QUEUE] = head;
	avail[VIRTQ_RING_IDX]++;
}

static uint16_t used_idx(unsigned q)
{
	return ring16(q, USED)[VIRTQ_RING_IDX];
}

static struct virtq_used_elem used(unsigned q, unsigned i)
{
	struct virtq_used_elem *ring = (void *)&ring16(q, USED)[VIRTQ_RING_FIRST];

	return ring[i % QUEUE];
}

static void instance(void)
{
	struct window_extent all = { 0, RAM, ram, HV_WINDOW_WRITE };
	bool found;

	if (device.backend)
		net_detach(&((struct net_card *)device.backend)->port);
	window = (struct window){ 0 };
	window_add(&window, &all);
	card_count = 0;
	device = (struct virtio_device){ .window = &window, .guest_name = "guest", .guest = 1 };
	assert_true(kept_open(kept, sizeof(kept), 1));
	assert_true(net_card_init(&device, &served));
	device.kept = kept_device(0, &served, device.model->queues, &found);
	for (unsigned q = 0; q < QUEUES; q++)
		device.queue[q].kept = &device.kept->queue[q];
	kept_count_death();
	if (found && device.kept->incarnation == 1) {
		virtio_device_recover(&device);
		for (unsigned q = 0; q < QUEUES; q++)
			virtio_device_kick(&device, q);
		return;
	}
	virtio_device_power_on(&device);
	device.kept->incarnation = 1;
}

static void put(unsigned offset, unsigned bytes, uint64_t value)
{
	virtio_common_write(&device, offset, bytes, value);
}

#define COMMON(field)                                                                              \
	offsetof(struct virtio_common, field), sizeof(((struct virtio_common *)0)->field)

static void driver(uint64_t features)
{
	put(COMMON(device_status), 0);
	put(COMMON(device_status), 3);
	put(COMMON(driver_feature_select), 0);
	put(COMMON(driver_feature), (uint32_t)features);
	put(COMMON(driver_feature_select), 1);
	put(COMMON(driver_feature), features >> 32);
	put(COMMON(device_status), 11);
	for (unsigned q = 0; q < QUEUES; q++) {
		put(COMMON(queue_select), q);
		put(COMMON(queue_size), QUEUE);
		put(COMMON(queue_desc), RING(q));
		put(COMMON(queue_driver), RING(q) + AVAIL);
		put(COMMON(queue_device), RING(q) + USED);
		put(COMMON(queue_enable), 1);
	}
	put(COMMON(device_status), 15);
}

static void start(uint64_t features)
{
	memset(ram, 0, sizeof(ram));
	memset(kept, 0, sizeof(kept));
	got = lines = held = 0;
	instance();
	net_detach(&peer);
	peer = (struct net_port){ .mac = { 2, 0, 0, 0, 0, 2 },
				  .send = peer_send,
				  .takes = NET_TAKES_CSUM | NET_TAKES_TSO4 };
	assert_true(net_attach(net_switch_of(0), &peer));
	driver(features);
}

#endif
