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

/* The low bytes are of one word, the others of the other. */
static int is_mixed(uint64_t word, uint64_t low, uint64_t high)
{
	for (unsigned bits = 8; bits < 64; bits += 8)
		if (word == ((low & ((1ull << bits) - 1)) | (high >> bits << bits)))
			return 1;
	return 0;
}

/* The word is there from its first byte on, up to some byte; behind that is nothing. */
static int is_begun(uint64_t word, uint64_t whole)
{
	return word == 0 || word == whole || is_mixed(word, whole, 0);
}

/* The third word of the head may be of either: it is whole where the rest is not. */
int pattern_is_half(const uint64_t *buf, uint64_t block, uint64_t older)
{
	uint64_t newer_state = seed_of(block, buf[2]) | 1, state = seed_of(block, older) | 1;
	int in_newer = 1;

	if (older ? buf[0] != MAGIC || buf[1] != block
		  : !is_begun(buf[0], MAGIC) || !is_begun(buf[1], block))
		return 0;
	for (unsigned i = FIRST; i < PATTERN_WORDS; i++) {
		uint64_t newer = pattern_random(&newer_state), old = pattern_random(&state);

		if (!older)
			old = 0;
		if (in_newer && buf[i] == newer)
			continue;
		if (buf[i] != old && !(in_newer && is_mixed(buf[i], newer, old)))
			return 0;
		in_newer = 0;
	}
	return 1;
}
