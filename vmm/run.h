/*
 * One turn of a vCPU: deliver what is pending, enter the guest, handle the exit, act on the
 * verdict. Called by the scheduler's loop.
 */
#ifndef VMM_RUN_H
#define VMM_RUN_H

#include "vmm/vcpu.h"

/* v is running and loaded on this CPU. Afterwards v->run_state says whether it may go on. */
void run_once(struct vcpu *v);

/* A vCPU asleep in HLT has something to wake for: a deliverable interrupt, an NMI. Owner. */
bool run_may_wake(struct vcpu *v);

#endif
