/* See control.h. */
#include "guests/conform/control.h"

#include "guests/lib/insn.h"

enum { EBX = 1, ECX, EDX };

static const struct {
	uint64_t cr4;
	uint32_t leaf;
	unsigned reg, bit;
} features[] = {
	{ CR4_VME, 1, EDX, 1 },    { CR4_PVI, 1, EDX, 1 },         { CR4_TSD, 1, EDX, 4 },
	{ CR4_DE, 1, EDX, 2 },     { CR4_PSE, 1, EDX, 3 },         { CR4_PAE, 1, EDX, 6 },
	{ CR4_MCE, 1, EDX, 7 },    { CR4_PGE, 1, EDX, 13 },        { CR4_OSFXSR, 1, EDX, 24 },
	{ CR4_UMIP, 7, ECX, 2 },   { CR4_OSXMMEXCPT, 1, EDX, 25 }, { CR4_LA57, 7, ECX, 16 },
	{ CR4_VMXE, 1, ECX, 5 },   { CR4_SMXE, 1, ECX, 6 },        { CR4_FSGSBASE, 7, EBX, 0 },
	{ CR4_PCIDE, 1, ECX, 17 }, { CR4_OSXSAVE, 1, ECX, 26 },    { CR4_SMEP, 7, EBX, 7 },
	{ CR4_SMAP, 7, EBX, 20 },  { CR4_PKE, 7, ECX, 3 },         { CR4_CET, 7, ECX, 7 },
	{ CR4_PKS, 7, ECX, 31 },
};

uint64_t control_read(unsigned cr)
{
	uint64_t v;

	if (cr == 0)
		asm volatile("mov %%cr0, %0" : "=r"(v));
	else
		asm volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}

void control_write(unsigned cr, uint64_t value)
{
	if (cr == 0)
		asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
	else
		asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

void control_flush(void)
{
	write_cr3(read_cr3());
}

bool control_shown(uint64_t cr4_bit)
{
	for (unsigned i = 0; i < ARRAY_SIZE(features); i++) {
		struct cpuid c;

		if (features[i].cr4 != cr4_bit)
			continue;
		c = cpuid(features[i].leaf, 0);
		return (&c.eax)[features[i].reg] & BIT(features[i].bit);
	}
	return false;
}
