/*
 * What a fuzz target defines. The function takes any bytes and must neither read beyond them nor
 * break a sanitizer's rule; it may abort() where a result contradicts itself.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* If the target defines it: writes a good input, at most `bytes` of it, as the first seed, and
   returns its size. */
__attribute__((weak)) size_t fuzz_seed(uint8_t *data, size_t bytes);

#endif
