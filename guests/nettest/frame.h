/*
 * The frames that two twins exchange. Each that leaves has a serial number of its own, so that its
 * receiver sees what was lost, doubled or overtaken; a number of its payload, sent again until it
 * is acknowledged; and bytes that follow from sender and number.
 */
#ifndef GUESTS_NETTEST_FRAME_H
#define GUESTS_NETTEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guests/lib/virtio_net.h"

#define FRAME_LEAST 60u

struct frame {
	uint8_t to[6], from[6];
	uint8_t type[2];
	uint8_t padding[2];
	uint64_t magic;
	uint64_t serial; /* of this frame, from 1 on, at each start anew */
	uint64_t number; /* of the payload, from 1 on; 0: none */
	uint64_t next;   /* payload that the sender waits for: all before is acknowledged */
	uint8_t payload[VIRTIO_NET_FRAME - 48];
};

_Static_assert(offsetof(struct frame, payload) == 48, "no holes");

/* Length of the frame with this payload; that without one is FRAME_LEAST long. */
uint32_t frame_bytes(uint64_t number);

/* Fills type, magic and payload. */
void frame_fill(struct frame *f, const uint8_t *from, uint64_t number);

/* A twin's frame, of whatever contents. */
bool frame_is_ours(const struct frame *f, uint32_t bytes);

/* Length and payload are those of its number. */
bool frame_is_right(const struct frame *f, uint32_t bytes);

#endif
