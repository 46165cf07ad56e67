/*
 * A guest that does what no guest should: random ports, MSRs, device memory, hypercalls, debug
 * registers and instructions, from a fixed seed. Nothing of it may harm the hypervisor or another
 * domain; this one may die of it and is started again. Command line:
 *
 *   seed=N       where the random numbers begin (each incarnation has its own)
 *   actions=N    misdeeds before it ends in peace
 */
#include "guests/hostile/hostile.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/trap.h"

#define WATCHDOG_MS    500
#define FEED_ACTIONS   64
#define REPORT_ACTIONS 2000

static uint64_t state;

uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

uint64_t rnd_below(uint64_t below)
{
	return rnd() % below;
}

/* Back to the loop, whatever it was and wherever it came from. */
static void land(struct trap_frame *f, void *arg)
{
	f->rip = (uint64_t)(uintptr_t)run_landing;
	f->rflags = 2;
}

static void ignore(struct trap_frame *f, void *arg)
{
}

static void bind_all(void)
{
	for (unsigned v = 0; v < 256; v++)
		trap_bind(v, v < TRAP_FIRST_IRQ ? land : ignore, NULL);
	trap_bind(TRAP_NMI, ignore, NULL);
}

int main(void)
{
	uint64_t actions = boot_number("actions", 10000);

	state = boot_number("seed", 1) * 0x9e3779b97f4a7c15ull + boot->incarnation;
	print("%s: hostile, incarnation %u\n", boot->name, boot->incarnation);
	code_init();
	bind_all();
	for (uint64_t n = 1; n <= actions; n++) {
		if (n % FEED_ACTIONS == 0)
			hv_call(HV_WATCHDOG, WATCHDOG_MS, 0, 0, 0, 0);
		if (n % REPORT_ACTIONS == 0)
			print("%s: %lu misdeeds\n", boot->name, n);
		act();
	}
	print("%s: done\n", boot->name);
	return 0;
}
