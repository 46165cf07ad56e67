/*
 * Foreign bytes (firmware tables, image headers) and the one way to read a number in them: what
 * does not lie wholly inside reads as 0, so a short table cannot be read past.
 */
#ifndef LIB_SPAN_H
#define LIB_SPAN_H

#include "lib/addr.h"
#include "lib/string.h"

struct span {
	const uint8_t *at;
	size_t bytes;
};

/* Little-endian number of at most 8 bytes. */
static inline uint64_t span_field(const struct span *s, size_t offset, size_t bytes)
{
	uint64_t v = 0;

	if (range_within(offset, bytes, s->bytes))
		memcpy(&v, s->at + offset, bytes);
	return v;
}

#endif
