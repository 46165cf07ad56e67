/*
 * The eager state that a CPU holds of one vCPU at a time: FPU, XCR0, debug registers, MSRs that the
 * CPU's structure does not switch. It stays there while the CPU idles. *held is whose it is, NULL
 * nobody's. All on the vCPUs' CPU.
 */
#ifndef VMM_SWITCH_H
#define VMM_SWITCH_H

#include "vmm/vcpu.h"

/* The CPU holds v's from now on; what it held goes back to its vCPU. */
void switch_between(struct vcpu **held, struct vcpu *v);
/* If the CPU holds v's, they go back to v. */
void switch_save(struct vcpu **held, struct vcpu *v);
/* If the CPU holds v's, they are dropped. */
void switch_forget(struct vcpu **held, struct vcpu *v);

static inline void switch_to(struct vcpu **held, struct vcpu *v)
{
	if (*held != v)
		switch_between(held, v);
}

#endif
