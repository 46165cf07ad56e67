/*
 * The seam between start.asm, the runtime and a guest: the guest defines main(), its result is the
 * status that the hypervisor logs.
 */
#ifndef GUESTS_LIB_START_H
#define GUESTS_LIB_START_H

#include "abi/boot.h"

int main(void);

/* Called by start.asm once the image is relocated. */
_Noreturn void guest_start(struct hv_boot *page);

/* Finds the event page; called before main(). */
void event_init(void);

#endif
