/*
 * A guest with several vCPUs: they start, count together, send each other interrupts, unmap pages
 * under each other, are stopped and started again. Each line ends in "ok". Command line:
 *
 *   xapic       the APICs' older mode
 *   forever     afterwards all count until they are stopped; the first says each second how far
 *   fault=N     afterwards vCPU N meets a triple fault while the others count
 *   off=N       afterwards vCPU N ends the domain by ACPI's port
 */
#include "guests/smp/cases.h"

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/smp.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"

#define STACK_BYTES 8192
#define ROUNDS      20000
#define SLEEP_S5    0x34 /* SLEEP_TYPE 5, SLEEP_ENABLE */

static uint8_t stacks[VCPUS][STACK_BYTES] ALIGNED(16);

static struct {
	void (*fn)(unsigned id);
	uint32_t round, done;
	uint32_t begin; /* the round before the first one of who starts now */
} job;

static uint64_t shared, locked, own[VCPUS];
static uint64_t latest; /* TSC */
static bool backwards;
static unsigned wrong;

static void crew(void)
{
	unsigned id = smp_id();
	uint32_t seen = job.begin;

	irq_enable();
	for (;;) {
		while (__atomic_load_n(&job.round, __ATOMIC_ACQUIRE) == seen)
			cpu_relax();
		seen++;
		job.fn(id);
		__atomic_fetch_add(&job.done, 1, __ATOMIC_RELEASE);
	}
}

void together(void (*fn)(unsigned id))
{
	job.fn = fn;
	__atomic_store_n(&job.done, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&job.round, 1, __ATOMIC_RELEASE);
	fn(0);
	while (__atomic_load_n(&job.done, __ATOMIC_ACQUIRE) != boot->vcpus - 1u)
		cpu_relax();
}

void verdict(const char *what, bool well)
{
	wrong += !well;
	print("smp: %s: %s\n", what, well ? "ok" : "WRONG");
}

static void start(unsigned id)
{
	job.begin = job.round;
	if (!smp_start(id, stacks[id] + STACK_BYTES, crew))
		panic("vCPU %u does not start", id);
}

static void count(unsigned id)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		own[id]++;
		__atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
	}
	for (unsigned i = 0; i < ROUNDS / 100; i++) {
		smp_lock();
		locked++;
		smp_unlock();
	}
}

/* What one vCPU has read, another one reads a later time than. */
static void read_time(unsigned id)
{
	for (unsigned i = 0; i < ROUNDS / 100; i++) {
		smp_lock();
		uint64_t now = rdtsc();

		backwards |= now < latest;
		latest = now;
		smp_unlock();
	}
}

static void count_cases(void)
{
	bool all = true;

	together(count);
	for (unsigned i = 0; i < boot->vcpus; i++)
		all &= own[i] == ROUNDS;
	verdict("each counts", all);
	verdict("all count together", shared == (uint64_t)ROUNDS * boot->vcpus &&
					      locked == (uint64_t)ROUNDS / 100 * boot->vcpus);
	together(read_time);
	verdict("one time for all", !backwards);
}

static void restart_cases(void)
{
	for (unsigned i = 1; i < boot->vcpus; i++)
		start(i);
	shared = locked = 0;
	together(count);
	verdict("all again after INIT", shared == (uint64_t)ROUNDS * boot->vcpus);
}

static void count_for_ever(unsigned id)
{
	uint64_t next = time_after(0);

	for (;;) {
		own[smp_id()]++; /* which exits, for who watches */
		if (id || rdtsc() < next)
			continue;
		next = time_after(NS_PER_SEC / 4);
		print("smp: beat, last vCPU at %lu\n", own[boot->vcpus - 1]);
	}
}

static void end_by(unsigned id)
{
	time_spin(50 * NS_PER_MS);
	if (id == boot_number("fault", VCPUS))
		trap_triple_fault();
	if (id == boot_number("off", VCPUS))
		outb(HV_PORT_SLEEP, SLEEP_S5);
	for (;;)
		own[id]++;
}

int main(void)
{
	assert(boot->vcpus <= VCPUS);
	print("smp: %u vCPUs, incarnation %u\n", boot->vcpus, boot->incarnation);
	apic_init(!boot_option("xapic", NULL));
	irq_enable();
	for (unsigned i = 1; i < boot->vcpus; i++)
		start(i);
	count_cases();
	ipi_cases();
	tlb_cases();
	restart_cases();
	print("smp: all done, %u wrong\n", wrong);
	if (boot_option("forever", NULL))
		together(count_for_ever);
	if (boot_option("fault", NULL) || boot_option("off", NULL))
		together(end_by);
	return (int)wrong;
}
