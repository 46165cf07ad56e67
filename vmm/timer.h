/*
 * One-shot timers of the hypervisor: a sorted list for each CPU, the earliest of which arms the
 * CPU's one hardware timer. A timer belongs to the CPU that sets it and fires there, with
 * interrupts off, from the loop (never inside an interrupt handler).
 */
#ifndef VMM_TIMER_H
#define VMM_TIMER_H

#include "lib/list.h"

#include <stdint.h>

#define TIMER_NEVER (~0ull)

struct timer {
	struct list node;
	uint64_t deadline; /* host TSC */
	void (*fire)(struct timer *t);
};

void timer_init(struct timer *t, void (*fire)(struct timer *t));
/* Sets or moves; TIMER_NEVER cancels. A deadline in the past fires at the next look. This CPU. */
void timer_set(struct timer *t, uint64_t deadline);
/* Fires what is due on this CPU and arms the hardware for the next. */
void timer_run(void);
/* Before this CPU waits or works on without a guest: the local APIC's timer is armed, too. */
void timer_wait(void);
/* From the timer's interrupt handler: the hardware is no longer armed. */
void timer_fired(void);

#endif
