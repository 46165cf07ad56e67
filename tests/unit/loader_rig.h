/*
 * What the tests of the loaders share: an image that is made byte by byte, the call, what came of
 * it, and fakes of what loaders call outside their files.
 */
#ifndef TESTS_UNIT_LOADER_RIG_H
#define TESTS_UNIT_LOADER_RIG_H

#include <string.h>

#include "tests/unit/fake_guest.h"
#include "vmm/cpuid.h"
#include "vmm/loader.h"
#include "vmm/vacpi.h"

#define RIG_SIGNATURE 0x00870f10u /* CPUID 1's eax */

static uint8_t file[0x20000];
static struct loader_images images;
static struct loader_entry entry;
static char why[160];
static unsigned installed;

enum err vacpi_install(struct domain *d)
{
	installed++;
	return OK;
}

struct cpuid cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t subleaf)
{
	return (struct cpuid){ .eax = RIG_SIGNATURE };
}

void vcpu_state_reset(struct vcpu_regs *regs, struct vcpu_state *state)
{
	memset(regs, 0, sizeof(*regs));
	memset(state, 0, sizeof(*state));
	regs->rip = 0xfff0;
}

static inline int setup(void **state)
{
	fake_reset();
	memset(file, 0, sizeof(file));
	images = (struct loader_images){ .image = { file, sizeof(file) } };
	memset(&entry, 0xff, sizeof(entry));
	why[0] = 0;
	installed = 0;
	return 0;
}

static inline enum err load(uint32_t protocol)
{
	fake_config.protocol = protocol;
	return loader_load(&fake_domain, &images, &entry, why, sizeof(why));
}

static inline uint32_t dword(uint64_t at)
{
	uint32_t v;

	memcpy(&v, fake_ram + at, 4);
	return v;
}

static inline void put(unsigned at, uint64_t value, unsigned bytes)
{
	memcpy(file + at, &value, bytes);
}

#endif
