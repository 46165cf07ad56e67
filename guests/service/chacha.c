/*
 * The state as a matrix of four rows (RFC 8439, 2.3): a round works on its columns, the next one on
 * its diagonals; twenty rounds, then the start is added.
 *
 *   constant  constant  constant  constant
 *   key       key       key       key
 *   key       key       key       key
 *   counter   counter   counter   counter
 */
#include "guests/service/chacha.h"

#include "lib/string.h"

#define DOUBLE_ROUNDS 10

static uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

static void double_round(uint32_t s[CHACHA_BLOCK])
{
	for (unsigned i = 0; i < 4; i++)
		quarter_round(&s[i], &s[4 + i], &s[8 + i], &s[12 + i]);
	for (unsigned i = 0; i < 4; i++)
		quarter_round(&s[i], &s[4 + (i + 1) % 4], &s[8 + (i + 2) % 4],
			      &s[12 + (i + 3) % 4]);
}

void chacha_block(const uint32_t key[CHACHA_KEY], const uint32_t counter[4],
		  uint32_t out[CHACHA_BLOCK])
{
	/* "expand 32-byte k" */
	uint32_t start[CHACHA_BLOCK] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(&start[4], key, CHACHA_KEY * sizeof(key[0]));
	memcpy(&start[12], counter, 4 * sizeof(counter[0]));
	memcpy(out, start, sizeof(start));
	for (unsigned i = 0; i < DOUBLE_ROUNDS; i++)
		double_round(out);
	for (unsigned i = 0; i < CHACHA_BLOCK; i++)
		out[i] += start[i];
}
