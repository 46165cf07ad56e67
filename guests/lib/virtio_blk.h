/*
 * A minimal driver for a modern virtio-blk function: one queue, its completions awaited by
 * interrupt (MSI-X); one request at a time, or up to VIRTIO_BLK_DEPTH, each in a slot of the
 * caller's choice. For bench and for tests. The caller has set up the local APIC; paging is 1:1, so
 * buffers are named by their address.
 */
#ifndef GUESTS_LIB_VIRTIO_BLK_H
#define GUESTS_LIB_VIRTIO_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guests/lib/virtio_pci.h"
#include "lib/bits.h"

#define VIRTIO_BLK_DEPTH  32
#define VIRTIO_BLK_QUEUE  128 /* a power of two, three descriptors a slot */
#define VIRTIO_BLK_SECTOR 512
#define VIRTIO_BLK_VENDOR 0x1af4
#define VIRTIO_BLK_DEVICE 0x1042

/* The rings in the device's layout (virtio 1.2, 2.7), each aligned as it asks. */
struct virtio_blk_rings {
	struct virtio_desc desc[VIRTIO_BLK_QUEUE] ALIGNED(16);
	struct {
		uint16_t flags, index, ring[VIRTIO_BLK_QUEUE], used_event;
	} avail;
	struct {
		uint16_t flags, index;
		struct {
			uint32_t id, bytes;
		} ring[VIRTIO_BLK_QUEUE];
		uint16_t avail_event;
	} used ALIGNED(4);
};

enum virtio_blk_op {
	VIRTIO_BLK_OP_READ = 0,
	VIRTIO_BLK_OP_WRITE = 1,
	VIRTIO_BLK_OP_FLUSH = 4,
};

/* One request. The device writes status; busy from its start to its answer. */
struct virtio_blk_slot {
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} request;
	volatile uint8_t status;
	bool busy;
};

struct virtio_blk {
	struct virtio_blk_rings rings ALIGNED(4096);
	struct virtio_blk_slot slot[VIRTIO_BLK_DEPTH];

	struct virtio_pci pci;
	struct virtio_bell bell;
	uint64_t sectors;
	bool read_only;
	uint16_t used_seen;
	uint64_t unasked;             /* answers to what was not under way */
	volatile uint64_t interrupts; /* taken so far */
};

/* Resets and starts the device at `function` with `vector` for its queue. NULL, or why it cannot be
   used. d is zeroed first; it must not move afterwards. */
const char *virtio_blk_open(struct virtio_blk *d, unsigned function, unsigned vector);

/* Whole sectors, `bytes` a multiple of 512. 0, or the device's status (1 I/O error, 2 unsupported).
   They wait as long as it takes: a back end that is started again answers later. */
int virtio_blk_read(struct virtio_blk *d, uint64_t sector, void *buf, uint32_t bytes);
int virtio_blk_write(struct virtio_blk *d, uint64_t sector, const void *buf, uint32_t bytes);
int virtio_blk_flush(struct virtio_blk *d);

/* The two halves of a read: puts it into the ring and rings the bell; waits halted for its end. */
void virtio_blk_start_read(struct virtio_blk *d, uint64_t sector, void *buf, uint32_t bytes);
int virtio_blk_finish(struct virtio_blk *d);

/* A request in a slot that is not busy; returns at once. bytes 0 for a flush. */
void virtio_blk_submit(struct virtio_blk *d, unsigned slot, enum virtio_blk_op op, uint64_t sector,
		       void *buf, uint32_t bytes);

/* The slot of a request that was answered since, or -1: its status says how. */
int virtio_blk_reap(struct virtio_blk *d);

/* The same, halted until there is one. */
int virtio_blk_await(struct virtio_blk *d);

/* The device has given up (DEVICE_NEEDS_RESET), which it announces by an interrupt. */
bool virtio_blk_is_broken(struct virtio_blk *d);

/* Rings the bell, by port where there is one. */
void virtio_blk_kick(struct virtio_blk *d);

#endif
