/*
 * Registers in memory and the order of stores that a device sees. x86 keeps stores in order and
 * loads in order, so only the store-then-load case needs an instruction.
 */
#ifndef GUESTS_LIB_MMIO_H
#define GUESTS_LIB_MMIO_H

#include <stdint.h>

/* One MOV each, of the simple form that every instruction decoder knows. */
static inline uint8_t readb(const volatile void *p)
{
	uint8_t v;

	asm volatile("movb %1, %0" : "=q"(v) : "m"(*(const volatile uint8_t *)p) : "memory");
	return v;
}

static inline uint16_t readw(const volatile void *p)
{
	uint16_t v;

	asm volatile("movw %1, %0" : "=r"(v) : "m"(*(const volatile uint16_t *)p) : "memory");
	return v;
}

static inline uint32_t readl(const volatile void *p)
{
	uint32_t v;

	asm volatile("movl %1, %0" : "=r"(v) : "m"(*(const volatile uint32_t *)p) : "memory");
	return v;
}

static inline uint64_t readq(const volatile void *p)
{
	uint64_t v;

	asm volatile("movq %1, %0" : "=r"(v) : "m"(*(const volatile uint64_t *)p) : "memory");
	return v;
}

static inline void writeb(volatile void *p, uint8_t v)
{
	asm volatile("movb %1, %0" : "=m"(*(volatile uint8_t *)p) : "q"(v) : "memory");
}

static inline void writew(volatile void *p, uint16_t v)
{
	asm volatile("movw %1, %0" : "=m"(*(volatile uint16_t *)p) : "r"(v) : "memory");
}

static inline void writel(volatile void *p, uint32_t v)
{
	asm volatile("movl %1, %0" : "=m"(*(volatile uint32_t *)p) : "r"(v) : "memory");
}

static inline void writeq(volatile void *p, uint64_t v)
{
	asm volatile("movq %1, %0" : "=m"(*(volatile uint64_t *)p) : "r"(v) : "memory");
}

/* Keeps the compiler from moving memory accesses across; enough between two stores or two loads. */
static inline void barrier(void)
{
	asm volatile("" : : : "memory");
}

/* Orders earlier stores before later loads as well. */
static inline void mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
