/*
 * Ordered stores, the real ones. Release order pairs with the acquire loads of the guest's driver;
 * against our own death program order is enough, since a kill falls between two instructions.
 */
#include "guests/service/kept_store.h"

void kept_store16(volatile uint16_t *p, uint16_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

void kept_store32(volatile uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

void kept_store64(volatile uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}
