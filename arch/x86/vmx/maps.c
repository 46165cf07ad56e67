/*
 * The MSR bitmap that guests run under (SDM 3C 25.6.9): a set bit makes the access exit. All bits
 * are set but those opened at boot. One bitmap serves every guest; ports need none, as all exit.
 *
 *   msr_map  0x000  reads of MSRs 0x00000000-0x00001fff, one bit each
 *            0x400  reads of 0xc0000000-0xc0001fff
 *            0x800  writes of 0x00000000-0x00001fff
 *            0xc00  writes of 0xc0000000-0xc0001fff
 */
#include "arch/x86/vmx/vmx_vcpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/hvmap.h"

#define MSRS_PER_RANGE 0x2000u
#define HIGH_BASE      0xc0000000u
#define HIGH_BYTES     0x400u
#define WRITE_BYTES    0x800u

static uint8_t msr_map[PAGE_SIZE] ALIGNED(PAGE_SIZE) RO_AFTER_INIT;

void vmx_maps_init(void)
{
	memset(msr_map, 0xff, sizeof(msr_map));
}

void vmx_msr_open(uint32_t index, bool read, bool write)
{
	bool high = index >= HIGH_BASE;
	uint32_t n = high ? index - HIGH_BASE : index;
	uint8_t *byte = &msr_map[(high ? HIGH_BYTES : 0) + n / 8];

	if (n >= MSRS_PER_RANGE)
		panic("vmx: MSR %#x has no bits in the MSR bitmap and can't be opened", index);
	if (read)
		byte[0] &= ~(1u << n % 8);
	if (write)
		byte[WRITE_BYTES] &= ~(1u << n % 8);
}

uint64_t vmx_msr_map(void)
{
	return hvmap_image_hpa(msr_map).v;
}
