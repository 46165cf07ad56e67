/*
 * CPUID, read once: one flag per line of features.def. A leaf that the CPU does not have counts as
 * zero; asking for it would give another leaf's answer on some CPUs.
 */
#include "arch/x86/cpu/features.h"

#include "arch/x86/cpu/insn.h"
#include "lib/bits.h"
#include "lib/string.h"

#define LEAF_EXTENDED 0x80000000u
#define LEAF_SIZES    0x80000008u
#define LEAF_BRAND    0x80000002u

static const struct {
	const char *name;
	uint32_t leaf;
	uint8_t subleaf, reg, bit; /* reg: byte offset in struct cpuid */
} table[] = {
#define CPU_FEATURE(name, leaf, subleaf, reg, bit, text)                                           \
	{ text, leaf, subleaf, offsetof(struct cpuid, reg), bit },
#include "arch/x86/cpu/features.def"
#undef CPU_FEATURE
};

static bool present[CPU_FEATURES] RO_AFTER_INIT;
static unsigned physical_bits RO_AFTER_INIT;
static char vendor[13] RO_AFTER_INIT;
static char brand[49] RO_AFTER_INIT;

static struct cpuid cpuid_or_zero(uint32_t leaf, uint32_t subleaf)
{
	uint32_t highest = insn_cpuid(leaf & LEAF_EXTENDED, 0).eax;

	return leaf <= highest ? insn_cpuid(leaf, subleaf) : (struct cpuid){ 0 };
}

static void read_names(void)
{
	struct cpuid r = insn_cpuid(0, 0);

	memcpy(vendor, &r.ebx, 4);
	memcpy(vendor + 4, &r.edx, 4);
	memcpy(vendor + 8, &r.ecx, 4);
	for (uint32_t i = 0; i < 3; i++) {
		r = cpuid_or_zero(LEAF_BRAND + i, 0);
		memcpy(brand + 16 * i, &r, 16);
	}
}

void features_init(void)
{
	for (unsigned i = 0; i < CPU_FEATURES; i++) {
		struct cpuid r = cpuid_or_zero(table[i].leaf, table[i].subleaf);
		uint32_t reg;

		memcpy(&reg, (const char *)&r + table[i].reg, sizeof(reg));
		present[i] = reg & BIT(table[i].bit);
	}
	physical_bits = cpuid_or_zero(LEAF_SIZES, 0).eax & 0xff;
	if (!physical_bits)
		physical_bits = 36;
	read_names();
}

bool cpu_has(enum cpu_feature f)
{
	return present[f];
}

const char *cpu_feature_name(enum cpu_feature f)
{
	return table[f].name;
}

unsigned cpu_physical_bits(void)
{
	return physical_bits;
}

const char *cpu_vendor(void)
{
	return vendor;
}

const char *cpu_brand(void)
{
	const char *b = brand;

	while (*b == ' ')
		b++;
	return b;
}
