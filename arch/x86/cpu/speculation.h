/*
 * What a guest leaves in the CPU's predictors, first-level cache and buffers, where the next
 * guest's speculation could read it, is wiped when a CPU goes from one domain to another. The
 * hypervisor maps no guest's memory for good, so between two entries of one domain there is nothing
 * foreign to wipe. Threads that share a core are not kept apart by this.
 */
#ifndef ARCH_X86_CPU_SPECULATION_H
#define ARCH_X86_CPU_SPECULATION_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WIPE_PREDICTORS = 1, /* IBPB */
	WIPE_L1D = 2,        /* IA32_FLUSH_CMD: L1 terminal fault */
	WIPE_BUFFERS = 4,    /* VERW: microarchitectural data sampling */
};

struct speculation_facts {
	bool intel;
	bool ibpb, l1d_flush, md_clear; /* what CPUID offers */
	uint64_t arch_caps;             /* IA32_ARCH_CAPABILITIES, 0 without it */
};

/* WIPE_* that the CPU needs and offers; *lacks: those that it needs and does not offer. Pure. */
unsigned speculation_choose(const struct speculation_facts *f, unsigned *lacks);

/* Boot CPU, once: chooses and logs. */
void speculation_init(void);
/* Every CPU, before a vCPU of another domain than the last goes in. */
void speculation_wipe(void);

#endif
