/*
 * What this CPU's AMD-V can do. Written once at boot by the boot CPU; a feature is used only where
 * svm_has() says so.
 */
#ifndef ARCH_X86_SVM_CAPS_H
#define ARCH_X86_SVM_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

enum svm_feature {
#define SVM_FEATURE(name, bit, text, without) SVM_##name = (bit),
#include "arch/x86/svm/features.def"
#undef SVM_FEATURE
};

struct svm_caps {
	uint32_t revision;
	uint32_t asids;    /* 0 .. asids - 1, 0 is the host's */
	uint32_t features; /* CPUID 0x8000000a EDX */
	uint32_t clean;    /* what vmcb.clean is set to after a run; 0 without the feature */
	bool no_cx16;      /* guests are not shown CMPXCHG16B */
	bool irq_twice;    /* an injected interrupt may be delivered once more */
};

extern struct svm_caps svm_caps;

static inline bool svm_has(enum svm_feature f)
{
	return svm_caps.features >> f & 1;
}

/* Boot CPU, before svm_caps_init: do without that optional feature (its name in features.def, in
   any case), or use it, which needs no telling. False: there is none of that name. */
bool svm_want(const char *name, size_t bytes, bool use);
/* Boot CPU: reads and logs. Errors: UNSUPPORTED (logged): no AMD-V, no nested paging. */
must_check enum err svm_caps_init(void);

#endif
