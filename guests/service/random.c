/*
 * Each use makes blocks of the key's stream; the first half block is the next key and is never
 * given out. What is mixed in is added to the key by exclusive or, and goes through the cipher
 * before anything is taken.
 */
#include "guests/service/random.h"

#include "guests/lib/print.h"
#include "guests/service/chacha.h"
#include "guests/service/random_seed.h"
#include "lib/bits.h"
#include "lib/string.h"

#define SEED_BYTES  65536u /* given out before the CPU is asked again */
#define BLOCK_BYTES (CHACHA_BLOCK * 4u)
#define KEY_BYTES   (CHACHA_KEY * 4u)

static uint32_t key[CHACHA_KEY];
static uint32_t since_seed;

static void mix(unsigned word, uint64_t value)
{
	key[word % CHACHA_KEY] ^= (uint32_t)value;
	key[(word + 1) % CHACHA_KEY] ^= (uint32_t)(value >> 32);
}

static void block(uint32_t number, uint32_t out[CHACHA_BLOCK])
{
	const uint32_t counter[4] = { number };

	chacha_block(key, counter, out);
}

/* The key becomes another one, from which this one cannot be found. */
static void rekey(void)
{
	uint32_t out[CHACHA_BLOCK];

	block(0, out);
	memcpy(key, out, KEY_BYTES);
}

static bool reseed(void)
{
	uint64_t value = 0;
	bool good = true;

	for (unsigned i = 0; i < CHACHA_KEY; i += 2) {
		good = good && random_seed(&value);
		mix(i, good ? value : random_time());
	}
	since_seed = 0;
	rekey();
	return good;
}

void random_start(void)
{
	if (!reseed())
		print("random numbers: the CPU has no RDSEED and no RDRAND: they are only as good "
		      "as the times at which guests ask\n");
}

void random_stir(void)
{
	mix(0, random_time());
	rekey();
}

void random_fill(void *buf, uint32_t bytes)
{
	uint32_t out[CHACHA_BLOCK], next[CHACHA_KEY];
	uint8_t *to = buf;

	if (since_seed >= SEED_BYTES)
		(void)reseed();
	block(0, out);
	memcpy(next, out, KEY_BYTES);
	for (uint32_t done = 0, number = 1; done < bytes; number++) {
		uint32_t n = MIN(bytes - done, BLOCK_BYTES);

		block(number, out);
		memcpy(to + done, out, n);
		done += n;
	}
	since_seed += MIN(bytes, SEED_BYTES);
	memcpy(key, next, KEY_BYTES);
	memset(out, 0, sizeof(out));
}
