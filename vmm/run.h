/*
 * The turns of a vCPU: deliver what is pending, enter the guest, handle the exit, act on the
 * verdict. Called by the scheduler's loop.
 */
#ifndef VMM_RUN_H
#define VMM_RUN_H

#include "vmm/vcpu.h"

/* v is running and loaded on this CPU: turn after turn while v->run_state says that it may go on
   and the scheduler has nothing to do. A domain that is starting gets a piece of its work done. */
void run_until(struct vcpu *v, const volatile bool *attention);

/* A vCPU asleep in HLT has something to wake for: a deliverable interrupt, an NMI, or a kick, which
   this takes. Owner. */
bool run_may_wake(struct vcpu *v);

#endif
