/*
 * MSR accesses that may fault. Each puts the addresses of its instruction and of the place to go on
 * into the exception table, which trap.c searches at a #GP.
 */
#include "arch/x86/cpu/msr.h"

#define EXTABLE(from, to) ".pushsection .extable, \"a\"; .quad " from ", " to "; .popsection"

bool msr_read_safe(uint32_t index, uint64_t *value)
{
	uint32_t low = 0, high = 0, ok = 0;

	asm volatile("1: rdmsr\n\t"
		     "mov $1, %[ok]\n"
		     "2:\n\t" EXTABLE("1b", "2b")
		     : "+a"(low), "+d"(high), [ok] "+r"(ok)
		     : "c"(index)
		     : "memory");
	*value = (uint64_t)high << 32 | low;
	return ok;
}
