/*
 * Somebody's good neighbour, for tests of what others do to it: it sums up its memory over and over
 * and says how far it came. The first beats are taken for a CPU of its own; later ones say what
 * share of that it got. Waiting for a console that its reader keeps full is nobody's share: a beat
 * begins when the line of the last one is out. Command line:
 *
 *   alone=N     beats that count as undisturbed (5)
 *   period=N    milliseconds a beat (200)
 *   beats=N     beats until it ends (goes on until it is stopped)
 *
 * A line each beat, `NAME: beat N, share S %, sum good`; `SUM WRONG` if memory has changed.
 */
#include <stdbool.h>
#include <stdint.h>

#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"

#define WORDS      (64u << 10)
#define PART_WORDS 512u
#define PRIME      0x100000001b3ull

static uint64_t memory[WORDS];

static void fill(void)
{
	uint64_t x = 0x9e3779b97f4a7c15ull + boot->domain;

	for (unsigned i = 0; i < WORDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memory[i] = x;
	}
}

static uint64_t sum_part(uint64_t sum, unsigned from)
{
	for (unsigned i = from; i < from + PART_WORDS; i++)
		sum = (sum ^ memory[i]) * PRIME;
	return sum;
}

static uint64_t sum_all(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WORDS; i += PART_WORDS)
		sum = sum_part(sum, i);
	return sum;
}

/* Parts summed until the deadline; false in *good if the memory's sum is another than it was. */
static uint64_t work(uint64_t deadline, uint64_t wanted, bool *good)
{
	static unsigned at;
	static uint64_t sum;
	uint64_t parts = 0;

	for (; rdtsc() < deadline; parts++) {
		sum = sum_part(sum, at);
		at += PART_WORDS;
		if (at < WORDS)
			continue;
		if (sum != wanted)
			*good = false;
		at = 0;
		sum = 0;
	}
	return parts;
}

int main(void)
{
	uint64_t alone = boot_number("alone", 5), beats = boot_number("beats", ~0ull);
	uint64_t period = ns_to_tsc(boot_number("period", 200) * NS_PER_MS);
	uint64_t most = 1, wanted;
	bool good = true;

	fill();
	wanted = sum_all();
	print("%s: innocent, incarnation %u\n", boot->name, boot->incarnation);
	for (uint64_t beat = 1; beat <= beats; beat++) {
		uint64_t parts = work(rdtsc() + period, wanted, &good);

		if (beat <= alone && parts > most)
			most = parts;
		print("%s: beat %lu, share %lu %%, %s\n", boot->name, beat, parts * 100 / most,
		      good ? "sum good" : "SUM WRONG");
	}
	print("%s: done\n", boot->name);
	return 0;
}
