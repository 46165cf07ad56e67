/*
 * See frame.h. The payload is a linear congruence seeded by the sender's address and the number.
 */
#include "guests/nettest/frame.h"

#include <stddef.h>

#include "lib/string.h"

#define MAGIC   0x4e4b4c4253455445ull
#define TYPE_HI 0x88 /* 0x88b5: local experiments, IEEE 802 */
#define TYPE_LO 0xb5

uint32_t frame_bytes(uint64_t number)
{
	return number ? FRAME_LEAST +
				(uint32_t)(number * 631 % (VIRTIO_NET_FRAME - FRAME_LEAST + 1))
		      : FRAME_LEAST;
}

static uint32_t seed_of(const uint8_t *from, uint64_t number)
{
	uint32_t seed;

	memcpy(&seed, from + 2, sizeof(seed));
	return seed ^ (uint32_t)number * 2654435761u;
}

static uint8_t next_byte(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint8_t)(*state >> 24);
}

void frame_fill(struct frame *f, const uint8_t *from, uint64_t number)
{
	uint32_t state = seed_of(from, number);
	uint32_t bytes = frame_bytes(number) - (uint32_t)offsetof(struct frame, payload);

	f->type[0] = TYPE_HI;
	f->type[1] = TYPE_LO;
	f->magic = MAGIC;
	f->number = number;
	memcpy(f->from, from, sizeof(f->from));
	for (uint32_t i = 0; i < bytes; i++)
		f->payload[i] = next_byte(&state);
}

bool frame_is_ours(const struct frame *f, uint32_t bytes)
{
	return bytes >= FRAME_LEAST && f->type[0] == TYPE_HI && f->type[1] == TYPE_LO &&
	       f->magic == MAGIC;
}

bool frame_is_right(const struct frame *f, uint32_t bytes)
{
	uint32_t state = seed_of(f->from, f->number);

	if (bytes != frame_bytes(f->number))
		return false;
	for (uint32_t i = 0; i < bytes - offsetof(struct frame, payload); i++)
		if (f->payload[i] != next_byte(&state))
			return false;
	return true;
}
