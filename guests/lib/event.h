/*
 * Events of this vCPU: who handles which, and the loop that serves them. One event page, one
 * thread, so nothing here locks. Handlers run round robin and to their end: one that has more to do
 * than its budget calls event_again() and returns. The loop sleeps in hv_event_wait until the
 * earliest timer, never in HLT: a pending bit that comes in between makes it return at once.
 */
#ifndef GUESTS_LIB_EVENT_H
#define GUESTS_LIB_EVENT_H

#include <stdint.h>

#include "abi/event.h"

typedef void event_fn(void *arg);

/* Calls fn(arg) whenever `event` is found pending. Binding again replaces; fn NULL unbinds.
   HV_EVENT_NONE is accepted and ignored, so a capability without an event needs no test. */
void event_bind(unsigned event, event_fn *fn, void *arg);

/* A number that neither the boot page nor an earlier call has handed out: for doorbells and device
   interrupts. Panics when all are taken. */
unsigned event_alloc(void);

/* Makes event_alloc's number available again and unbinds it. */
void event_free(unsigned event);

/* Makes `event` pending from this side: its handler runs again after the others have had a turn. */
void event_again(unsigned event);

/* A masked event stays pending and does not wake the loop. */
void event_mask(unsigned event);
void event_unmask(unsigned event);

/* Serves what is pending and every timer that is due; returns without sleeping. */
void event_poll(void);

/* event_poll and sleep, for ever. */
_Noreturn void event_loop(void);

/* Sleeps until something is pending or the earliest timer is due, then serves it once. */
void event_step(void);

#endif
