/*
 * Offsets of struct cpu for entry.asm; compiled to assembly only, see the Makefile.
 */
#include "arch/x86/cpu/cpu.h"

#include <stddef.h>

#define VALUE(name, value)        asm volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))
#define OFFSET(name, type, field) VALUE(name, offsetof(type, field))

void offsets(void);

void offsets(void)
{
	OFFSET(CPU_APIC_ID, struct cpu, apic_id);
	OFFSET(CPU_STACK_TOP, struct cpu, stack_top);
	VALUE(CPU_BYTES, sizeof(struct cpu));
	VALUE(CPU_BLOCKS, MAX_CPUS);
}
