/*
 * What this machine's CPUs can do, read once from CPUID by the table features.def. The boot CPU
 * speaks for all.
 */
#ifndef ARCH_X86_CPU_FEATURES_H
#define ARCH_X86_CPU_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

enum cpu_feature {
#define CPU_FEATURE(name, leaf, subleaf, reg, bit, text) CPU_##name,
#include "arch/x86/cpu/features.def"
#undef CPU_FEATURE
	CPU_FEATURES,
};

/* Boot CPU, before anything else asks. */
void features_init(void);

bool cpu_has(enum cpu_feature f);
/* Its name as the manuals write it. */
const char *cpu_feature_name(enum cpu_feature f);

/* Physical address width in bits. */
unsigned cpu_physical_bits(void);
/* For the log. */
const char *cpu_vendor(void); /* "AuthenticAMD" */
const char *cpu_brand(void);  /* the processor's own name, without leading blanks */

#endif
