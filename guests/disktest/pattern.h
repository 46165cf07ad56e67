/*
 * What disktest writes: blocks that say which block and which generation they are, followed by a
 * stream that belongs to both, so that any foreign byte shows. Pure.
 */
#ifndef GUESTS_DISKTEST_PATTERN_H
#define GUESTS_DISKTEST_PATTERN_H

#include <stdint.h>

#define PATTERN_BYTES 4096u
#define PATTERN_WORDS (PATTERN_BYTES / 8)

/* pattern_read's answers beside a generation, which begins at 1. */
#define PATTERN_POISON (~0ull)     /* the buffer as pattern_poison left it: nothing arrived */
#define PATTERN_TORN   (~0ull - 1) /* neither one thing nor another */

/* One step of the generator; state is never 0. */
uint64_t pattern_random(uint64_t *state);

void pattern_write(uint64_t *buf, uint64_t block, uint64_t generation);
void pattern_poison(uint64_t *buf);

/* The generation of this block that buf holds, 0 for zeroes, or what else it is. */
uint64_t pattern_read(const uint64_t *buf, uint64_t block);

/* What a write that was broken off leaves: the first bytes of some generation, and behind them
   `older`, 0 for zeroes. */
int pattern_is_half(const uint64_t *buf, uint64_t block, uint64_t older);

#endif
