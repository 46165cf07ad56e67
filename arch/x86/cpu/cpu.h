/*
 * The CPUs that run. Each has a block of its own, found through gs; index 0 is the boot CPU.
 * Filled in by boot/ (from the MADT) before a CPU starts, fixed afterwards.
 */
#ifndef ARCH_X86_CPU_CPU_H
#define ARCH_X86_CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_CPUS 16

struct cpu {
	struct cpu *self; /* first: this_cpu() reads it at gs:0 */
	uint64_t stack_top;
	uint64_t ist_top[3]; /* stacks for #DF, NMI and #MC */
	uint32_t index;      /* 0.. in the order of starting */
	uint32_t apic_id;
	uint32_t online;  /* set by the CPU itself when its start is complete (release) */
	uint32_t stopped; /* set by the CPU itself when a panic has halted it */
};

static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	asm("mov %%gs:0, %0" : "=r"(c));
	return c;
}

static inline unsigned cpu_index(void)
{
	return this_cpu()->index;
}

/* CPUs that run: 0 .. cpu_count() - 1. Grows only while the boot CPU starts the others. */
unsigned cpu_count(void);
struct cpu *cpu_by_index(unsigned index);

/* Boot only: claims the next block. NULL when there are MAX_CPUS. */
struct cpu *cpu_add(uint32_t apic_id);
/* Boot only: takes back the last claimed block, of a CPU that does not answer. */
void cpu_drop(void);
/* Loads gs, GDT, TSS and IDT of this CPU, whose block is c. */
void cpu_load(struct cpu *c);
/* Sets the host's control registers: WP, NX, SMEP, SMAP, UMIP, PAT where present. */
void cpu_set_protections(void);

#endif
