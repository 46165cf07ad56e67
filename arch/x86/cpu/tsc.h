/*
 * Time. The TSC is the clock; its rate is measured at boot against a reference clock that boot/
 * passes down (HPET, PM timer) or the PIT. CPUID's own figure is not believed (emulators.md).
 */
#ifndef ARCH_X86_CPU_TSC_H
#define ARCH_X86_CPU_TSC_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/cpu/insn.h"

/* A clock that counts up and wraps at `mask`. */
struct tsc_reference {
	const char *name;
	uint64_t (*read)(void);
	uint64_t hz, mask;
};

/* Boot CPU: measures for about 2 ms against the reference; NULL: against the PIT. */
void tsc_init(const struct tsc_reference *reference);

uint32_t tsc_khz(void);
/* Fit to be the one clock: invariant, or the machine is itself virtual, or it agreed with the
   reference in two measurements (design.md, section 6). */
bool tsc_is_stable(void);
/* Boot only: the CPUs do not agree. */
void tsc_set_unstable(void);

static inline uint64_t tsc_read(void)
{
	return insn_rdtsc();
}

/* TSC ticks to nanoseconds and back; no division. Good for 2^64 ns; ns/ticks saturate never. */
uint64_t tsc_ns(uint64_t ticks);
uint64_t tsc_from_ns(uint64_t ns);

/* The rate of another counter, which counts up and does not wrap meanwhile; takes about 1 ms. */
uint64_t tsc_measure_hz(uint64_t (*read)(void));

/* Spins. For boot and device resets only. */
void tsc_delay_us(uint64_t us);

/* ticks = ns * tsc_from_ns_scale >> 32 and the like, for the KVM clock: multiplier and shift such
   that ns = ((ticks << shift) * mul) >> 32, or >> -shift first where negative. */
void tsc_clock_scale(uint32_t *mul, int8_t *shift);

#endif
