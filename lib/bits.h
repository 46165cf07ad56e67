/*
 * Bits, masks and fields of hardware registers, and the few compiler words that the style asks
 * for. Registers are masks (BIT, MASK, field_get), never C bitfields.
 */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stddef.h>
#include <stdint.h>

#define BIT(n)       (1ull << (n))
/* Bits hi..lo, both included, as the manuals write fields. */
#define MASK(hi, lo) ((~0ull >> (63 - (hi))) & (~0ull << (lo)))

#define ARRAY_SIZE(a)                (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, field) ((type *)((char *)(p)-offsetof(type, field)))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define ALIGNED(n)          __attribute__((aligned(n)))
#define PACKED              __attribute__((packed))
#define NORETURN            __attribute__((noreturn))
#define PRINTF(f, a)        __attribute__((format(printf, f, a)))
/* Written during boot only: its pages are made read-only before the first guest runs. What begins
   as zeros takes no room in the image; _VALUE is for the rest. */
#define RO_AFTER_INIT       __attribute__((section(".bss.ro_after_init")))
#define RO_AFTER_INIT_VALUE __attribute__((section(".ro_after_init")))

/* C11's word, without a C library's <assert.h>. */
#define static_assert _Static_assert

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The rare part of a function that runs at every exit: out of line, so that the rest needs neither
   a stack frame nor a canary. */
#define COLD     __attribute__((cold, noinline))
/* The same where both parts are usual. */
#define NOINLINE __attribute__((noinline))

static inline uint64_t field_get(uint64_t mask, uint64_t reg)
{
	return (reg & mask) >> __builtin_ctzll(mask);
}

static inline uint64_t field_set(uint64_t mask, uint64_t reg, uint64_t value)
{
	return (reg & ~mask) | ((value << __builtin_ctzll(mask)) & mask);
}

static inline uint64_t align_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static inline uint64_t align_down(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

/* The all-ones value of an access of 1, 2, 4 or 8 bytes: what an unbacked read returns. */
static inline uint64_t ones(unsigned bytes)
{
	return bytes >= 8 ? ~0ull : BIT(bytes * 8) - 1;
}

#endif
