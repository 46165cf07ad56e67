/*
 * Stands in for the TSC (compiled with `-include`): the test says what time it is.
 */
#ifndef TESTS_FAKE_TSC_H
#define TESTS_FAKE_TSC_H

#include "arch/x86/cpu/tsc.h"

extern uint64_t fake_now;

#define tsc_read() fake_now

#endif
