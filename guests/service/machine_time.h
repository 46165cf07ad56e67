/*
 * The machine's time: nanoseconds since it was switched on, the same for every instance of this
 * domain, and the time of day. From the paravirtual clock (KVM's MSRs), which the hypervisor
 * computes from its TSC.
 */
#ifndef GUESTS_SERVICE_MACHINE_TIME_H
#define GUESTS_SERVICE_MACHINE_TIME_H

#include <stdint.h>

/* Once, before the others. */
void machine_time_start(void);

uint64_t machine_ns(void);

/* Nanoseconds since 1970 at machine time 0. */
uint64_t machine_wall(void);

#endif
