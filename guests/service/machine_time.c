/*
 * Linux Documentation/virt/kvm/x86/msr.rst. The hypervisor writes both pages when they are named
 * and changes them no more: this domain has one vCPU, and its TSC runs on.
 */
#include "guests/service/machine_time.h"

#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/kvm_clock.h"
#include "guests/lib/time.h"
#include "lib/bits.h"

#define MSR_WALL_CLOCK 0x4b564d00u

struct wall_clock {
	uint32_t version, sec, nsec;
};

static volatile struct system_time system_time ALIGNED(64);
static volatile struct wall_clock wall_clock ALIGNED(64);

void machine_time_start(void)
{
	wrmsr(MSR_WALL_CLOCK, (uint64_t)(uintptr_t)&wall_clock);
	wrmsr(MSR_SYSTEM_TIME, (uint64_t)(uintptr_t)&system_time | SYSTEM_TIME_ENABLE);
}

uint64_t machine_ns(void)
{
	uint64_t ticks = rdtsc() - system_time.tsc_timestamp;

	ticks = system_time.shift < 0 ? ticks >> -system_time.shift : ticks << system_time.shift;
	return system_time.system_time +
	       (uint64_t)((unsigned __int128)ticks * system_time.mul >> 32);
}

uint64_t machine_wall(void)
{
	return wall_clock.sec * NS_PER_SEC + wall_clock.nsec;
}
