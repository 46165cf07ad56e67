/*
 * A split virtqueue (virtio 1.2, 2.7) seen from the device, with its in-flight record. The rings
 * lie in the guest's RAM and the guest may write them at any time: every index and address is read
 * once and then checked; what makes no sense breaks the queue with a reason, for good until a
 * reset.
 */
#ifndef GUESTS_SERVICE_VIRTIO_QUEUE_H
#define GUESTS_SERVICE_VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "guests/service/kept.h"
#include "guests/service/window.h"

#define VIRTIO_QUEUE_MAX INFLIGHT_HEADS

struct virtq_desc {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags, next;
};

#define VIRTQ_DESC_NEXT     1u
#define VIRTQ_DESC_WRITE    2u
#define VIRTQ_DESC_INDIRECT 4u

struct virtq_used_elem {
	uint32_t id, bytes;
};

#define VIRTQ_USED_NO_NOTIFY     1u
#define VIRTQ_AVAIL_NO_INTERRUPT 1u

/* Offsets in both rings: flags, idx, then the entries; the event word follows them. */
#define VIRTQ_RING_FLAGS 0
#define VIRTQ_RING_IDX   1
#define VIRTQ_RING_FIRST 2

struct virtio_queue {
	struct kept_queue *kept;
	const struct window *window;
	const struct virtq_desc *desc;
	volatile uint16_t *avail, *used;
	uint16_t size;
	uint16_t last_avail; /* next entry of the avail ring to look at */
	uint16_t used_idx;   /* our own copy of used.idx */
	bool live, event_idx, indirect;
	bool signal_always; /* nothing was pushed yet by this instance */
	const char *broken; /* why, NULL if it is not */
	struct inflight_replay replay;
};

enum virtio_pop { VIRTIO_POP_EMPTY, VIRTIO_POP_HEAD, VIRTIO_POP_BROKEN };

/* Takes an enabled queue into use as it stands in the kept pages. `features` are the negotiated
   ones. fresh: the guest has just enabled it; else what the last instance left is recovered.
   False: q->broken says why. */
bool virtio_queue_start(struct virtio_queue *q, const struct window *window, uint64_t features,
			bool fresh);
void virtio_queue_stop(struct virtio_queue *q);

/* The next head: first what must be replayed, then what the guest has made available. It is in
   flight on return. */
enum virtio_pop virtio_queue_pop(struct virtio_queue *q, uint16_t *head);

/* Gives a head back with `bytes` written to it. True if the guest wants to be interrupted. */
bool virtio_queue_push(struct virtio_queue *q, uint16_t head, uint32_t bytes);

/* Gives n heads back at once, elem[i] = {head, bytes}; n at least 1. As virtio_queue_push. */
bool virtio_queue_push_all(struct virtio_queue *q, const struct virtq_used_elem *elem, unsigned n);

/* Asks the guest not to notify about new entries, where its driver looks for that. */
void virtio_queue_quiet(struct virtio_queue *q);

/* Asks the guest to notify about new entries. True if some came in meanwhile. */
bool virtio_queue_rearm(struct virtio_queue *q);

/* Notes that the queue makes no sense and must not be touched; the first reason stays. */
enum virtio_pop virtio_queue_break(struct virtio_queue *q, const char *why);

#endif
