/*
 * The CPUs that run. Each has a block of its own, found through gs; index 0 is the boot CPU.
 * boot/ claims a block before it starts a CPU and publishes it when the CPU has answered.
 */
#ifndef ARCH_X86_CPU_CPU_H
#define ARCH_X86_CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_CPUS 16

/* IST numbers: these exceptions have stacks of their own. */
enum { CPU_IST_DF = 1, CPU_IST_NMI, CPU_IST_MC, CPU_ISTS = CPU_IST_MC };

/* How far a CPU has come; each step by compare and exchange. */
enum cpu_state {
	CPU_CLAIMED,  /* it was told to start */
	CPU_ANSWERED, /* it says so itself */
	CPU_LOST,     /* the boot CPU has given up waiting: it must halt when it comes */
};

struct cpu {
	struct cpu *self; /* first: this_cpu() reads it at gs:0 */
	uint64_t stack_top;
	uint64_t ist_top[CPU_ISTS];
	uint32_t apic_id;
	uint32_t index;   /* 0 .. cpu_count() - 1, valid once published */
	uint32_t state;   /* enum cpu_state */
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

/* Boot CPU: a block for a CPU that is to be started; NULL when all MAX_CPUS are claimed. */
struct cpu *cpu_claim(uint32_t apic_id);
/* Boot CPU: gives it the next index. */
void cpu_publish(struct cpu *c);
/* All blocks, claimed or not: for the start code, which finds its own by APIC id. */
extern struct cpu cpu_blocks[MAX_CPUS];

/* This CPU, whose block is c: loads GDT, gs, TSS and IDT. Again after ist_top has changed. */
void cpu_load(struct cpu *c);
/* This CPU's control registers: WP, NX, SMEP, SMAP, UMIP, PAT, what is present of them. */
void cpu_set_protections(void);
/* The canary of all functions; from the TSC and RDRAND. Before anything else in C. */
void cpu_init_canary(void);

#endif
