/*
 * RDSEED and RDRAND (SDM 1, 7.3.17). Both say by the carry flag whether they had a number; a few
 * failures in a row are normal for RDSEED, and a defect for RDRAND.
 */
#include "guests/service/random_seed.h"

#include "guests/lib/insn.h"
#include "lib/bits.h"

#define CPUID_RDRAND BIT(30) /* leaf 1, ecx */
#define CPUID_RDSEED BIT(18) /* leaf 7, ebx */
#define TRIES        16

static bool rdseed(uint64_t *value)
{
	bool good;

	asm volatile("rdseed %0" : "=r"(*value), "=@ccc"(good));
	return good;
}

static bool rdrand(uint64_t *value)
{
	bool good;

	asm volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
	return good;
}

bool random_seed(uint64_t *value)
{
	bool has_seed = cpuid(0, 0).eax >= 7 && (cpuid(7, 0).ebx & CPUID_RDSEED);
	bool has_rand = cpuid(1, 0).ecx & CPUID_RDRAND;

	for (unsigned i = 0; has_seed && i < TRIES; i++)
		if (rdseed(value))
			return true;
	for (unsigned i = 0; has_rand && i < TRIES; i++)
		if (rdrand(value))
			return true;
	return false;
}

uint64_t random_time(void)
{
	return rdtsc();
}
