/*
 * Addresses that cannot be confused: guest-physical, host-physical and guest-virtual ones are
 * structs of their own, so that the compiler refuses one for another. Host-virtual addresses are
 * plain pointers. Used by every layer; the ABI itself speaks uint64_t.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (PAGE_SIZE - 1)
#define MIB_2      0x200000ul
#define GIB_1      0x40000000ul

typedef struct {
	uint64_t v;
} gpa_t;

typedef struct {
	uint64_t v;
} hpa_t;

typedef struct {
	uint64_t v;
} gva_t;

static inline gpa_t gpa(uint64_t v)
{
	return (gpa_t){ v };
}

static inline hpa_t hpa(uint64_t v)
{
	return (hpa_t){ v };
}

static inline gva_t gva(uint64_t v)
{
	return (gva_t){ v };
}

static inline uint64_t page_down(uint64_t v)
{
	return v & ~PAGE_MASK;
}

static inline uint64_t page_up(uint64_t v)
{
	return (v + PAGE_MASK) & ~PAGE_MASK;
}

/* True if [base, base + bytes) does not wrap and lies within [0, limit). */
static inline bool range_within(uint64_t base, uint64_t bytes, uint64_t limit)
{
	return bytes <= limit && base <= limit - bytes;
}

/* True if two ranges, neither of which wraps, share a byte. */
static inline bool range_overlaps(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

#endif
