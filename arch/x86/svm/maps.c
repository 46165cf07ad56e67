/*
 * Permission maps that VMRUN consults: a set bit makes the access exit. Ports: all exit. MSRs: all
 * but those opened at boot. One pair of maps serves every guest.
 *
 *   msr_map  0x0000  MSRs 0x00000000-0x00001fff, two bits each: read, write
 *            0x0800  MSRs 0xc0000000-0xc0001fff
 *            0x1000  MSRs 0xc0010000-0xc0011fff
 *            0x1800  reserved
 */
#include "arch/x86/svm/svm_vcpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/hvmap.h"

#define MSRS_PER_RANGE  0x2000u
#define BYTES_PER_RANGE (MSRS_PER_RANGE / 4)

static uint8_t msr_map[2 * PAGE_SIZE] ALIGNED(PAGE_SIZE) RO_AFTER_INIT;
static uint8_t io_map[3 * PAGE_SIZE] ALIGNED(PAGE_SIZE) RO_AFTER_INIT;

static const uint32_t range_base[] = { 0, 0xc0000000u, 0xc0010000u };

void svm_maps_init(void)
{
	memset(msr_map, 0xff, sizeof(msr_map));
	memset(io_map, 0xff, sizeof(io_map));
}

void svm_msr_open(uint32_t index, bool read, bool write)
{
	for (unsigned i = 0; i < ARRAY_SIZE(range_base); i++) {
		uint32_t n = index - range_base[i];
		uint8_t *byte = &msr_map[i * BYTES_PER_RANGE + n / 4];

		if (n >= MSRS_PER_RANGE)
			continue;
		*byte &= ~((read ? 1u : 0) << n % 4 * 2 | (write ? 2u : 0) << n % 4 * 2);
		return;
	}
	panic("svm: MSR %#x has no bits in the permission map and can't be opened", index);
}

void svm_maps_use(struct vmcb *b)
{
	b->msr_map = hvmap_image_hpa(msr_map).v;
	b->io_map = hvmap_image_hpa(io_map).v;
}
