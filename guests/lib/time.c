/* TSC arithmetic without 128-bit division: whole milliseconds first, then the rest. */
#include "guests/lib/time.h"

#include "guests/lib/boot.h"
#include "guests/lib/insn.h"

static uint64_t khz(void)
{
	return boot->tsc_khz ? boot->tsc_khz : 1000000;
}

uint64_t tsc_to_ns(uint64_t ticks)
{
	return ticks / khz() * NS_PER_MS + ticks % khz() * NS_PER_MS / khz();
}

uint64_t ns_to_tsc(uint64_t ns)
{
	return ns / NS_PER_MS * khz() + ns % NS_PER_MS * khz() / NS_PER_MS;
}

uint64_t time_ns(void)
{
	return tsc_to_ns(rdtsc());
}

uint64_t time_after(uint64_t ns)
{
	return rdtsc() + ns_to_tsc(ns);
}

void time_spin(uint64_t ns)
{
	uint64_t end = time_after(ns);

	while (rdtsc() < end)
		cpu_relax();
}
