/*
 * A guest that does what no guest should: random ports, MSRs, control registers, device memory,
 * hypercalls, debug registers, interrupts, queues and instructions, from a fixed seed. Nothing of
 * it may harm the hypervisor or another domain; this one may die of it and is started again.
 * Command line:
 *
 *   seed=N       where the random numbers begin (each incarnation has its own)
 *   actions=N    misdeeds before it ends in peace
 *   after=N      milliseconds that the first incarnation waits before it begins
 *   hang=N       milliseconds after which a misdeed that does not end is its death (500)
 *   quiet        without storms of interrupts
 */
#include "guests/hostile/hostile.h"

#include "guests/lib/boot.h"
#include "guests/lib/apic.h"
#include "guests/lib/hv.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"

#define WATCHDOG_MS    500
#define REPORT_ACTIONS 100

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
	if (f->vector != TRAP_NMI)
		writel((volatile void *)(APIC_PAGE + APIC_EOI), 0);
}

static void bind_all(void)
{
	for (unsigned v = 0; v < 256; v++)
		trap_bind(v, v < TRAP_FIRST_IRQ ? land : ignore, NULL);
	trap_bind(TRAP_NMI, ignore, NULL);
}

int main(void)
{
	uint64_t actions = boot_number("actions", 10000), hang = boot_number("hang", WATCHDOG_MS);

	state = boot_number("seed", 1) * 0x9e3779b97f4a7c15ull + boot->incarnation;
	print("%s: hostile, incarnation %u\n", boot->name, boot->incarnation);
	code_init();
	control_init();
	device_init();
	bind_all();
	is_quiet = boot_option("quiet", NULL);
	if (boot->incarnation == 1 && boot_number("after", 0))
		hv_event_wait(time_after(boot_number("after", 0) * NS_PER_MS));
	for (uint64_t n = 1; n <= actions; n++) {
		hv_watchdog(hang);
		if (n % REPORT_ACTIONS == 0)
			print("%s: %u: %lu misdeeds\n", boot->name, boot->incarnation, n);
		act();
	}
	print("%s: done\n", boot->name);
	return 0;
}
