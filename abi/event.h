/*
 * The event page: one hypervisor frame for each vCPU of a guest of ours, shared with it. An event
 * is one bit. Who sets: the hypervisor (on behalf of EVENT_SEND, a doorbell, an ioreq, a device
 * interrupt), atomically. Who clears: the guest, atomically, after it has cleared `summary`'s bit
 * for that word. A masked event stays pending and neither wakes nor interrupts.
 *
 * Order of the hypervisor: pending bit, then (if not masked) the summary bit, then the wake-up.
 * Order of the guest: take the summary word (exchange with 0), for each bit take the pending word
 * without the masked ones, then handle. EVENT_UNMASK clears a mask bit and re-checks.
 */
#ifndef ABI_EVENT_H
#define ABI_EVENT_H

#include <stdint.h>

#define HV_EVENTS      512
#define HV_EVENT_WORDS (HV_EVENTS / 64)
#define HV_EVENT_NONE  0xffffffffu

struct hv_event_page {
	uint64_t summary; /* bit w: word w of pending may hold an unmasked event */
	uint64_t reserved[7];
	uint64_t pending[HV_EVENT_WORDS]; /* event n is bit n % 64 of word n / 64 */
	uint64_t mask[HV_EVENT_WORDS];    /* written by the guest only; all clear at the start */
};

/* Events with a fixed meaning; what the boot page hands out begins at HV_EVENT_FIRST. */
enum {
	HV_EVENT_SHUTDOWN = 0, /* the power button was pressed */
	HV_EVENT_GONE = 1,     /* a peer died or changed its incarnation: look at the boot page */
	HV_EVENT_FIRST = 8,
};

#endif
