/*
 * What this CPU's VT-x can do (SDM 3D appendix A). Written once at boot by the boot CPU; a feature
 * is used only where vmx_has() says so.
 */
#ifndef ARCH_X86_VMX_CAPS_H
#define ARCH_X86_VMX_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

enum vmx_feature {
#define VMX_FEATURE(name, word, bit, text, without) VMX_##name,
#define VMX_REQUIRED(word, bits, text)
#define VMX_DEFECT(revision, name, text)
#include "arch/x86/vmx/features.def"
#undef VMX_FEATURE
#undef VMX_REQUIRED
#undef VMX_DEFECT
	VMX_FEATURES,
};

struct vmx_caps {
	uint32_t revision;        /* first word of a VMXON region and of a VMCS */
	uint32_t features;        /* bit n: enum vmx_feature */
	uint8_t timer_shift;      /* the preemption timer counts at TSC >> this */
	uint64_t cr0_on, cr0_off; /* bits that VMX operation wants set, clear */
	uint64_t cr4_on, cr4_off;
	/* Controls as they are used: required, wanted where present, and the CPU's own fixed ones.
	 */
	uint32_t pin, cpu, cpu2, exit, entry;
	uint64_t invept_type, invvpid_type; /* of one vCPU: the narrowest offered, insn.h */
};

extern struct vmx_caps vmx_caps;

static inline bool vmx_has(enum vmx_feature f)
{
	return vmx_caps.features >> f & 1;
}

/* Boot CPU, before vmx_caps_init: use that optional feature (its name in features.def, in any case)
   although this CPU's is known to be defective, or do without it. False: there is none of that
   name. */
bool vmx_want(const char *name, size_t bytes, bool use);

/* Boot CPU: reads and logs. Errors: UNSUPPORTED (each missing required feature was logged). */
must_check enum err vmx_caps_init(void);

#endif
