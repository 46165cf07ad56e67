/*
 * How vCPUs begin other than by their domain's boot protocol: every vCPU but the first waits for
 * INIT and STARTUP messages of another one (SDM 3A 8.4). What the mailbox calls, on the vCPU's own
 * CPU.
 */
#ifndef VMM_STARTUP_H
#define VMM_STARTUP_H

#include "vmm/vcpu.h"

/* REQUEST_RESET: its domain has started; it waits for a STARTUP message. */
void startup_reset(struct vcpu *v);
/* REQUEST_INIT: from whatever it did, it waits for a STARTUP message; the first vCPU begins at the
   reset vector. Nothing happens to one that is off. */
void startup_init(struct vcpu *v);
/* REQUEST_STARTUP: one that waits begins in real mode at v->startup_vector's page; others don't
   notice. */
void startup_begin(struct vcpu *v);

#endif
