/*
 * A descriptor chain, copied out of the guest's tables once and turned into pieces of memory:
 * readable ones (the guest's request) first, then writable ones (the answer). Nothing of it is read
 * from the guest again, so what was checked stays true; only the data itself may still change.
 */
#ifndef GUESTS_SERVICE_VIRTIO_CHAIN_H
#define GUESTS_SERVICE_VIRTIO_CHAIN_H

#include "guests/service/virtio_queue.h"

#define VIRTIO_CHAIN_PARTS 132

struct virtio_chain {
	uint16_t first;    /* parts before this one are used up */
	uint16_t readable; /* parts [first, readable) can be read */
	uint16_t parts;    /* parts [readable, parts) can be written */
	uint64_t readable_bytes, writable_bytes;
	struct window_part part[VIRTIO_CHAIN_PARTS];
};

/* Reads the chain that begins at `head`. NULL, or why it makes no sense. */
const char *virtio_chain_read(struct virtio_chain *c, const struct virtio_queue *q, uint16_t head);

/* Copies the first `bytes` readable bytes to buf and uses them up. False if there are not so many.
 */
bool virtio_chain_take(struct virtio_chain *c, void *buf, uint32_t bytes);

/* Cuts the last writable byte off and returns where it is; NULL if nothing is writable. */
uint8_t *virtio_chain_take_last(struct virtio_chain *c);

/* Copies to the writable parts from their start; returns the bytes copied. */
uint32_t virtio_chain_put(const struct virtio_chain *c, const void *buf, uint32_t bytes);

#endif
