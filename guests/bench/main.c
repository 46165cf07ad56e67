/*
 * Counts instructions by path: under `qemu -icount shift=0` the TSC counts one nanosecond for each
 * instruction of guest, hypervisor and service domain together. One line a path:
 *
 *   NAME INSTRUCTIONS [exits N.N]     or     NAME skipped: REASON
 *
 * A path runs in batches and the cheapest batch counts, so that a scheduler tick does not. The
 * exits of one round are shown where the config lets this domain inspect itself.
 */
#include "guests/bench/bench.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"

#define BATCHES      8
#define BATCH_ROUNDS 64
#define TSC_KHZ_1NS  1000000ull

static const char *prepare_nothing(void)
{
	return NULL;
}

static void run_nothing(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		asm volatile("" : : : "memory");
}

static const struct path empty = { "empty", prepare_nothing, run_nothing, 0 };

static uint64_t batch_ticks(const struct path *p, unsigned rounds)
{
	uint64_t start = rdtsc();

	p->run(rounds);
	return rdtsc() - start;
}

static uint64_t best_ticks(const struct path *p, unsigned rounds)
{
	uint64_t best = ~0ull;

	for (unsigned i = 0; i < BATCHES; i++)
		best = MIN(best, batch_ticks(p, rounds));
	return best;
}

static uint64_t exits_so_far(void)
{
	const struct hv_cap *self = boot_cap(HV_CAP_DOMAIN, boot->domain);
	struct hv_domain_info info;

	if (!self || hv_domain_info(self->handle, &info) < 0)
		return 0;
	return info.exits;
}

static void measure(const struct path *p)
{
	unsigned rounds = p->rounds ? p->rounds : BATCH_ROUNDS;
	const char *why = p->prepare();

	if (why) {
		print("%s skipped: %s\n", p->name, why);
		return;
	}
	if (!p->rounds)
		p->run(BATCH_ROUNDS / 8);
	uint64_t before = exits_so_far();
	uint64_t ticks = best_ticks(p, rounds), loop = best_ticks(&empty, rounds);
	uint64_t exits = (exits_so_far() - before) * 10 / (rounds * BATCHES);

	ticks = ticks > loop ? ticks - loop : 0;
	/* In thousandths, then rounded. */
	uint64_t milli = ticks * 1000 / rounds * TSC_KHZ_1NS / (boot->tsc_khz ? boot->tsc_khz : 1);

	print("%s %lu", p->name, (milli + 500) / 1000);
	if (before)
		print(" exits %lu.%lu", exits / 10, exits % 10);
	print("\n");
}

static void measure_all(const struct path *table)
{
	for (; table->name; table++)
		measure(table);
}

int main(void)
{
	print("bench: TSC %u kHz\n", boot->tsc_khz);
	measure_all(cpu_paths);
	measure_all(apic_paths);
	measure_all(device_paths);
	print("bench: done\n");
	return 0;
}
