/*
 * Stores whose order is the promise: the service domain may be killed between any two of them, and
 * the next instance (kept pages) or the guest (used rings) reads what was there. Each is one plain
 * store that neither the compiler nor the processor moves before an earlier one. They are functions
 * of a file of their own so that a test can link others that end the world at store number N.
 */
#ifndef GUESTS_SERVICE_KEPT_STORE_H
#define GUESTS_SERVICE_KEPT_STORE_H

#include <stdbool.h>
#include <stdint.h>

/* For tests: fn is called before and after each store from now on; NULL: nobody. */
typedef void kept_watch_fn(const volatile void *p, uint64_t v, bool after);
void kept_store_watch(kept_watch_fn *fn);

/* A watch that calls `end`, which does not return, in place of store number n from now on; 0: none.
 */
void kept_store_limit(uint64_t n, void (*end)(void));

void kept_store16(volatile uint16_t *p, uint16_t v);
void kept_store32(volatile uint32_t *p, uint32_t v);
void kept_store64(volatile uint64_t *p, uint64_t v);

#endif
