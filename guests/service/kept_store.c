/*
 * Ordered stores, the real ones. Release order pairs with the acquire loads of the guest's driver;
 * against our own death program order is enough, since a kill falls between two instructions.
 */
#include "guests/service/kept_store.h"

#include "lib/bits.h"

static uint64_t left; /* stores until the end; 0: there is none */
static void (*at_end)(void);

void kept_store_limit(uint64_t n, void (*end)(void))
{
	left = n;
	at_end = end;
}

static void count(void)
{
	if (UNLIKELY(left) && --left == 0)
		at_end();
}

void kept_store16(volatile uint16_t *p, uint16_t v)
{
	count();
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

void kept_store32(volatile uint32_t *p, uint32_t v)
{
	count();
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

void kept_store64(volatile uint64_t *p, uint64_t v)
{
	count();
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}
