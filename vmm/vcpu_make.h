/*
 * Making and resetting vCPUs: for domain.c, launch.c and startup.c.
 */
#ifndef VMM_VCPU_MAKE_H
#define VMM_VCPU_MAKE_H

#include "vmm/vcpu.h"

/* Boot: a vCPU of d with all its hypervisor pages, off. d's nested root exists. */
struct vcpu *vcpu_make(struct domain *d, unsigned index, unsigned cpu);

/* The state in which a guest begins. Owner, while the vCPU is not loaded (sched_off). Its TSC goes
   by its domain's tsc_offset. */
void vcpu_reset(struct vcpu *v, const struct vcpu_regs *regs, const struct vcpu_state *state);

/* What an INIT message leaves: reset, but for the TSC, the x87, SSE and AVX registers with XCR0,
   CR0's cache bits, most MSRs and IA32_APIC_BASE (SDM 3A table 9-1). Owner, not loaded, its io
   cancelled. KVM's clock pages are forgotten, too, as KVM does it. */
void vcpu_reset_init(struct vcpu *v);

#endif
