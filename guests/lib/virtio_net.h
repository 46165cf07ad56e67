/*
 * A minimal driver for a virtio network card: one pair of queues, no offloads, frames copied in and
 * out of VIRTIO_NET_BUFFERS buffers each way. For tests and bench. The caller has set up the local
 * APIC; it takes the card's vector itself and waits with irq_wait().
 */
#ifndef GUESTS_LIB_VIRTIO_NET_H
#define GUESTS_LIB_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "guests/lib/virtio_pci.h"
#include "lib/bits.h"

#define VIRTIO_NET_VENDOR  0x1af4
#define VIRTIO_NET_DEVICE  0x1041
#define VIRTIO_NET_BUFFERS 64 /* a power of two */
#define VIRTIO_NET_MAC     6
#define VIRTIO_NET_FRAME   1514

/* A queue: rings in the device's layout (virtio 1.2, 2.7), a buffer for each descriptor. */
struct virtio_net_queue {
	struct virtio_desc desc[VIRTIO_NET_BUFFERS] ALIGNED(16);
	struct {
		uint16_t flags, index, ring[VIRTIO_NET_BUFFERS], used_event;
	} avail;
	struct {
		uint16_t flags, index;
		struct {
			uint32_t id, bytes;
		} ring[VIRTIO_NET_BUFFERS];
		uint16_t avail_event;
	} used ALIGNED(4);
	struct {
		uint8_t header[12], frame[VIRTIO_NET_FRAME];
	} buffer[VIRTIO_NET_BUFFERS] ALIGNED(64);
	struct virtio_bell bell;
	uint16_t used_seen;
	uint16_t fresh; /* buffers from here on were never under way */
};

struct virtio_net {
	struct virtio_net_queue rx ALIGNED(4096), tx;
	struct virtio_pci pci;
	uint8_t mac[VIRTIO_NET_MAC];
};

/* Resets and starts the card at `function`. NULL, or why it cannot be used. n is zeroed first; it
   must not move afterwards. */
const char *virtio_net_open(struct virtio_net *n, unsigned function, unsigned vector);

/* Puts a frame of at most VIRTIO_NET_FRAME bytes into the ring and rings the bell. False: every
   buffer is under way. */
bool virtio_net_send(struct virtio_net *n, const void *frame, uint32_t bytes);

/* Copies the next frame to buf, of VIRTIO_NET_FRAME bytes, and returns its length; 0: there is
   none. */
uint32_t virtio_net_receive(struct virtio_net *n, void *buf);

bool virtio_net_is_broken(const struct virtio_net *n);

#endif
