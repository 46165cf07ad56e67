/*
 * The CPU's own random numbers, in a file of their own so that the generator runs in host tests.
 */
#ifndef GUESTS_SERVICE_RANDOM_SEED_H
#define GUESTS_SERVICE_RANDOM_SEED_H

#include <stdbool.h>
#include <stdint.h>

/* A number from RDSEED, or from RDRAND where the CPU has no RDSEED or it is exhausted. False: it
   has neither, or they fail. */
bool random_seed(uint64_t *value);

/* The time stamp counter. */
uint64_t random_time(void);

#endif
