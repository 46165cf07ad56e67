/*
 * Ordered stores, the real ones. Release order pairs with the acquire loads of the guest's driver;
 * against our own death program order is enough, since a kill falls between two instructions.
 */
#include "guests/service/kept_store.h"

#include <stddef.h>

#include "lib/bits.h"

static kept_watch_fn *watch;

void kept_store_watch(kept_watch_fn *fn)
{
	watch = fn;
}

static uint64_t left; /* stores until the end */
static void (*at_end)(void);

static void count_down(const volatile void *p, uint64_t v, bool after)
{
	if (!after && --left == 0)
		at_end();
}

void kept_store_limit(uint64_t n, void (*end)(void))
{
	left = n;
	at_end = end;
	kept_store_watch(n ? count_down : NULL);
}

static void tell(const volatile void *p, uint64_t v, bool after)
{
	if (UNLIKELY(watch))
		watch(p, v, after);
}

void kept_store16(volatile uint16_t *p, uint16_t v)
{
	tell(p, v, false);
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
	tell(p, v, true);
}

void kept_store32(volatile uint32_t *p, uint32_t v)
{
	tell(p, v, false);
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
	tell(p, v, true);
}

void kept_store64(volatile uint64_t *p, uint64_t v)
{
	tell(p, v, false);
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
	tell(p, v, true);
}
