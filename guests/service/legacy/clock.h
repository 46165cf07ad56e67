/*
 * Clocks of the legacy devices, as counts of ticks on the one time line that outlives this domain:
 * nanoseconds of the machine since it was switched on (guests/service/machine_time.h). A device
 * keeps no counter that runs: it keeps when it was started, and computes.
 */
#ifndef GUESTS_SERVICE_LEGACY_CLOCK_H
#define GUESTS_SERVICE_LEGACY_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND 1000000000ul /* nanoseconds */
#define CLOCK_NEVER  (~0ull)

/* Whole ticks of a clock of hz (below 10 MHz) in so many nanoseconds. */
static inline uint64_t clock_ticks(uint64_t ns, uint64_t hz)
{
	return ns / CLOCK_SECOND * hz + ns % CLOCK_SECOND * hz / CLOCK_SECOND;
}

/* The first nanosecond at which clock_ticks gives so many. */
static inline uint64_t clock_ns(uint64_t ticks, uint64_t hz)
{
	return ticks / hz * CLOCK_SECOND + (ticks % hz * CLOCK_SECOND + hz - 1) / hz;
}

#endif
