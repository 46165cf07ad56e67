/*
 * The MSR bitmap that guests run under (SDM 3C 25.6.9): a set bit makes the access exit. All bits
 * are set but those opened at boot. Two bitmaps serve every guest; ports need none, as all exit.
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

/* The second one is for guests whose CPU carries out x2APIC: some of its registers are open, too.
 */
static uint8_t msr_map[2][PAGE_SIZE] ALIGNED(PAGE_SIZE) RO_AFTER_INIT;

static void open_in(uint8_t *map, uint32_t index, bool read, bool write)
{
	bool high = index >= HIGH_BASE;
	uint32_t n = high ? index - HIGH_BASE : index;
	uint8_t *byte = &map[(high ? HIGH_BYTES : 0) + n / 8];

	if (n >= MSRS_PER_RANGE)
		panic("vmx: MSR %#x has no bits in the MSR bitmap and can't be opened", index);
	if (read)
		byte[0] &= ~(1u << n % 8);
	if (write)
		byte[WRITE_BYTES] &= ~(1u << n % 8);
}

/* Reads that the page of registers answers, and the three writes that the CPU carries out
   (SDM 3C 30.5). */
static void open_x2apic(uint8_t *map)
{
	static const struct {
		uint16_t first, last;
		bool read, write;
	} open[] = {
		{ 0x802, 0x803, true, false }, /* ID, version */
		{ 0x808, 0x808, true, true },  /* TPR */
		{ 0x80a, 0x80a, true, false }, /* PPR */
		{ 0x80b, 0x80b, false, true }, /* EOI */
		{ 0x80d, 0x80d, true, false }, /* LDR */
		{ 0x80f, 0x828, true, false }, /* SVR, ISR, TMR, IRR, ESR */
		{ 0x832, 0x838, true, false }, /* LVT, initial count */
		{ 0x83e, 0x83e, true, false }, /* divider */
		{ 0x83f, 0x83f, false, true }, /* self-IPI */
	};

	for (size_t i = 0; i < ARRAY_SIZE(open); i++)
		for (uint32_t n = open[i].first; n <= open[i].last; n++)
			open_in(map, n, open[i].read, open[i].write);
}

void vmx_maps_init(void)
{
	memset(msr_map, 0xff, sizeof(msr_map));
	open_x2apic(msr_map[1]);
}

void vmx_msr_open(uint32_t index, bool read, bool write)
{
	open_in(msr_map[0], index, read, write);
	open_in(msr_map[1], index, read, write);
}

uint64_t vmx_msr_map(bool x2apic)
{
	return hvmap_image_hpa(msr_map[x2apic]).v;
}
