/*
 * Making and resetting vCPUs: for domain.c and lifecycle.c.
 */
#ifndef VMM_VCPU_MAKE_H
#define VMM_VCPU_MAKE_H

#include "vmm/vcpu.h"

/* Boot: a vCPU of d with all its hypervisor pages, off. d's nested root exists. */
struct vcpu *vcpu_make(struct domain *d, unsigned index, unsigned cpu);

/* The state in which a guest begins. Owner, while the vCPU is not loaded (sched_off). Its TSC
   begins at 0. */
void vcpu_reset(struct vcpu *v, const struct vcpu_regs *regs, const struct vcpu_state *state);

#endif
