/*
 * CPUID as guests see it: an allow-list (cpuid.def), worked out once at boot against this machine.
 * A bit that no line names is not shown.
 */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include "arch/x86/cpu/insn.h"
#include "vmm/exit.h"
#include "vmm/vcpu.h"

/* Boot CPU, after features_init, tsc_init and fpu_init_cpu. */
void cpuid_init(void);

enum verdict cpuid_exit(struct vcpu *v, struct vm_exit *e);

/* What this vCPU sees now. */
struct cpuid cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t subleaf);
#endif
