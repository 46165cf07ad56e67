/*
 * The service domain's random numbers: a stream of ChaCha20 whose key comes from the CPU's RDSEED
 * or RDRAND and is replaced with each use, so that what was given out cannot be computed from what
 * is in memory later. Nothing of it is kept over a restart: a new instance seeds anew.
 */
#ifndef GUESTS_SERVICE_RANDOM_H
#define GUESTS_SERVICE_RANDOM_H

#include <stdint.h>

/* Takes the first seed. Call once, before the others. Where the CPU has no source a line says so,
   and the times of random_stir() are all that there is. */
void random_start(void);

/* Fills buf with numbers that nobody else is given. */
void random_fill(void *buf, uint32_t bytes);

/* Mixes the time of this moment, an event of a guest's, into the key. */
void random_stir(void);

#endif
