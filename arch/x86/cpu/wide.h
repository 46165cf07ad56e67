/*
 * Moves much memory in few instructions, for the start of a domain: 64 bytes each with AVX-512,
 * else with the string instructions. A processor may be as fast with either; an emulator that
 * counts each 8 bytes of a string instruction is not.
 */
#ifndef ARCH_X86_CPU_WIDE_H
#define ARCH_X86_CPU_WIDE_H

#include <stddef.h>

/* Copies bytes that don't overlap; from NULL: zeroes. The CPU's vector registers and XCR0, which
   may be a guest's, are the same afterwards. */
void wide_put(void *to, const void *from, size_t bytes);

#endif
