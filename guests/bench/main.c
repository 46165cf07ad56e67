/*
 * Counts instructions by path: under `qemu -icount shift=0` the TSC counts one nanosecond for each
 * instruction of guest, hypervisor and service domain together. One line a path:
 *
 *   NAME INSTRUCTIONS in N rounds     or     NAME skipped: REASON
 *
 * A path runs in batches and the cheapest batch counts, so that a scheduler tick does not. Marks
 * around each batch let tools/bench count the heavy instructions, too; after a path's batches come
 * those of the empty loop. Options: "devices", only the paths to the service domain and the
 * network; "after=MS", waits first, while another one measures; "echo", measures nothing, but is
 * the other guest of the network paths (net.h).
 */
#include "guests/bench/bench.h"

#include <stddef.h>

#include "guests/bench/mark.h"
#include "guests/bench/net.h"
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "lib/bits.h"

#define BATCHES      8
#define BATCH_ROUNDS 64
#define TSC_KHZ_1NS  1000000ull

static void run_nothing(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		asm volatile("" : : : "memory");
}

static uint64_t batch_ticks(void (*run)(unsigned rounds), unsigned rounds)
{
	uint64_t start = rdtsc();

	mark(MARK_BEGIN);
	run(rounds);
	mark(MARK_END);
	return rdtsc() - start;
}

static uint64_t best_ticks(void (*run)(unsigned rounds), unsigned rounds, void (*settle)(void))
{
	uint64_t best = ~0ull;

	for (unsigned i = 0; i < BATCHES; i++) {
		if (settle)
			settle();
		uint64_t ticks = batch_ticks(run, rounds);

		best = MIN(best, ticks);
	}
	mark(MARK_PATH);
	return best;
}

static void measure(const struct path *p)
{
	unsigned rounds = p->rounds ? p->rounds : BATCH_ROUNDS;
	const char *why = p->prepare();

	if (why) {
		print("%s skipped: %s\n", p->name, why);
		return;
	}
	uint64_t ticks = best_ticks(p->run, rounds, p->settle);
	uint64_t loop = best_ticks(run_nothing, rounds, NULL);

	ticks = ticks > loop ? ticks - loop : 0;
	/* In thousandths, then rounded. */
	uint64_t milli = ticks * 1000 / rounds * TSC_KHZ_1NS / (boot->tsc_khz ? boot->tsc_khz : 1);

	print("%s %lu in %u rounds\n", p->name, (milli + 500) / 1000, rounds);
}

static void measure_all(const struct path *table)
{
	for (; table->name; table++)
		measure(table);
}

int main(void)
{
	hv_event_wait(time_after(boot_number("after", 0) * NS_PER_MS));
	if (boot_option("echo", NULL))
		return net_echo();
	print("bench: TSC %u kHz\n", boot->tsc_khz);
	if (!boot_option("devices", NULL)) {
		measure_all(cpu_paths);
		measure_all(apic_paths);
	}
	measure_all(device_paths);
	measure_all(net_paths);
	net_bye();
	print("bench: done\n");
	return 0;
}
