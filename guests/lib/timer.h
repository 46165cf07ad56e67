/*
 * One-shot timers served by the event loop, by TSC deadline. A timer lives inside its owner and
 * is zero-initialised before its first use.
 */
#ifndef GUESTS_LIB_TIMER_H
#define GUESTS_LIB_TIMER_H

#include <stdint.h>

#include "lib/list.h"

#define TIMER_NEVER (~0ull)

typedef void timer_fn(void *arg);

struct timer {
	struct list node; /* in the queue by deadline; node.next NULL: never used */
	uint64_t deadline;
	timer_fn *fn;
	void *arg;
};

/* Calls fn(arg) from the event loop once rdtsc() has reached deadline; moves a timer that runs. */
void timer_set(struct timer *t, uint64_t deadline, timer_fn *fn, void *arg);

/* The same, `ns` nanoseconds from now. */
void timer_set_ns(struct timer *t, uint64_t ns, timer_fn *fn, void *arg);

void timer_cancel(struct timer *t);

/* Calls what is due; returns the earliest deadline that is left, TIMER_NEVER if none. */
uint64_t timer_run(void);

#endif
