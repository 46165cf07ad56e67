/*
 * See pattern.h. Words: magic, block, generation, then xorshift64 seeded by the two.
 */
#include "guests/disktest/pattern.h"

#define MAGIC  0x4b4c425453455444ull
#define POISON 0xb0b0b0b0b0b0b0b0ull
#define FIRST  3 /* word of the stream */

uint64_t pattern_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t seed_of(uint64_t block, uint64_t generation)
{
	return (block + 1) * 0x9e3779b97f4a7c15ull ^ generation * 0xbf58476d1ce4e5b9ull ^ MAGIC;
}

void pattern_write(uint64_t *buf, uint64_t block, uint64_t generation)
{
	uint64_t state = seed_of(block, generation) | 1;

	buf[0] = MAGIC;
	buf[1] = block;
	buf[2] = generation;
	for (unsigned i = FIRST; i < PATTERN_WORDS; i++)
		buf[i] = pattern_random(&state);
}

void pattern_poison(uint64_t *buf)
{
	for (unsigned i = 0; i < PATTERN_WORDS; i++)
		buf[i] = POISON;
}

static int is_all(const uint64_t *buf, uint64_t value)
{
	for (unsigned i = 0; i < PATTERN_WORDS; i++)
		if (buf[i] != value)
			return 0;
	return 1;
}

uint64_t pattern_read(const uint64_t *buf, uint64_t block)
{
	uint64_t generation = buf[2];
	uint64_t state = seed_of(block, generation) | 1;

	if (is_all(buf, POISON))
		return PATTERN_POISON;
	if (is_all(buf, 0))
		return 0;
	if (buf[0] != MAGIC || buf[1] != block)
		return PATTERN_TORN;
	for (unsigned i = FIRST; i < PATTERN_WORDS; i++)
		if (buf[i] != pattern_random(&state))
			return PATTERN_TORN;
	return generation;
}
