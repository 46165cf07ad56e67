/*
 * The TSC as a clock: the boot page says its frequency. Nanoseconds count from the domain's start;
 * a restart begins anew, so no time is kept over one.
 */
#ifndef GUESTS_LIB_TIME_H
#define GUESTS_LIB_TIME_H

#include <stdint.h>

#define NS_PER_US  1000ul
#define NS_PER_MS  1000000ul
#define NS_PER_SEC 1000000000ul

uint64_t tsc_to_ns(uint64_t ticks);
uint64_t ns_to_tsc(uint64_t ns);

/* Nanoseconds now. */
uint64_t time_ns(void);

/* The TSC value `ns` from now, for deadlines. */
uint64_t time_after(uint64_t ns);

/* Busy wait: for device resets that take microseconds. Longer waits use timers. */
void time_spin(uint64_t ns);

#endif
