/*
 * Instructions on wild addresses: a few that the emulator knows, in random sizes and with random
 * prefixes, and plain noise. They lie at a random place, now and then across the end of the page.
 */
#include "guests/hostile/hostile.h"

#include "abi/platform.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "lib/bits.h"

#define PAGE         4096u
#define CODE_BYTES   16u
#define FLAG_TF      BIT(8)
#define ENTRY_NX     BIT(63)
#define ENTRY_LARGE  BIT(7)
#define ENTRY_WRITE  BIT(1)
#define ADDRESS      MASK(51, 12)
#define PAGE_SETS    3u
#define FLAGS_RANDOM (BIT(0) | BIT(10) | BIT(14) | BIT(16) | BIT(18) | BIT(9))

static uint8_t code[PAGE_SETS * PAGE] ALIGNED(4096);

/* Makes the buffer executable: clears NX on the way to each of its pages. */
static void make_executable(const uint8_t *page)
{
	uint64_t va = (uint64_t)(uintptr_t)page, *table = (uint64_t *)(read_cr3() & ADDRESS);

	for (unsigned shift = 39; shift >= 12; shift -= 9) {
		uint64_t *e = &table[va >> shift & 511];

		*e = (*e & ~ENTRY_NX) | ENTRY_WRITE;
		if (*e & ENTRY_LARGE || shift == 12)
			break;
		table = (uint64_t *)(*e & ADDRESS);
	}
	invlpg(page);
}

void code_init(void)
{
	for (unsigned i = 0; i < PAGE_SETS; i++)
		make_executable(code + i * PAGE);
}

/* Opcodes with ModRM, strings and privileged ones; 0x0f leads the two-byte ones. */
static const uint8_t one_byte[] = { 0x00, 0x01, 0x09, 0x11, 0x19, 0x21, 0x29, 0x31, 0x38, 0x3b,
				    0x63, 0x6c, 0x6d, 0x6e, 0x6f, 0x80, 0x81, 0x83, 0x84, 0x87,
				    0x88, 0x89, 0x8a, 0x8b, 0x8e, 0x8f, 0xa0, 0xa3, 0xa4, 0xa5,
				    0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xae, 0xaf, 0xc6, 0xc7, 0xcc,
				    0xcd, 0xcf, 0xe4, 0xec, 0xef, 0xf1, 0xf4, 0xf6, 0xf7, 0xfa,
				    0xfb, 0xfe, 0xff, 0x9d, 0xd9, 0xdd };
static const uint8_t two_byte[] = { 0x00, 0x01, 0x06, 0x08, 0x09, 0x0b, 0x10, 0x11, 0x20,
				    0x21, 0x23, 0x30, 0x31, 0x32, 0x33, 0x38, 0x6f, 0x7f,
				    0xa2, 0xa3, 0xaa, 0xab, 0xae, 0xb0, 0xb1, 0xb3, 0xb6,
				    0xb7, 0xba, 0xbb, 0xbe, 0xc0, 0xc1, 0xc3, 0xc7 };
static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67,
				    0xf0, 0xf2, 0xf3, 0x40, 0x44, 0x48, 0x4f };

static void make_code(uint8_t *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CODE_BYTES; i++)
		p[i] = rnd();
	if (rnd_below(4) == 0)
		return;
	while (rnd_below(3) == 0 && n < 6)
		p[n++] = prefixes[rnd_below(ARRAY_SIZE(prefixes))];
	if (rnd_below(3) == 0) {
		p[n++] = 0x0f;
		p[n++] = two_byte[rnd_below(ARRAY_SIZE(two_byte))];
	} else {
		p[n++] = one_byte[rnd_below(ARRAY_SIZE(one_byte))];
	}
	/* Mostly [register]: registers hold wild addresses, displacements only move them. */
	if (rnd_below(2))
		p[n] &= 0x3f;
}

/* Addresses of devices, of nothing, of pages shared with the hypervisor; near page ends at times.
 */
static uint64_t wild_address(void)
{
	static const uint64_t base[] = { HV_GUEST_ECAM,   HV_GUEST_IOAPIC, HV_GUEST_LAPIC,
					 HV_GUEST_SHARED, HV_GUEST_MEM32,  HV_GUEST_HIGH,
					 0x3f8,           0x800000,        0xfffff000 };
	uint64_t at = base[rnd_below(ARRAY_SIZE(base))];

	if (rnd_below(4) == 0)
		return at + PAGE - rnd_below(16);
	return at + (rnd_below(3) ? rnd_below(PAGE) & ~3ull : rnd_below(1 << 20));
}

void act_code(void)
{
	uint8_t *p = code + PAGE + (rnd_below(8) ? rnd_below(PAGE) : PAGE - rnd_below(15));
	uint64_t regs[16], flags = FLAG_TF | 2 | (rnd() & FLAGS_RANDOM & rnd());

	make_code(p);
	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++)
		regs[i] = rnd_below(5) ? wild_address() : rnd_nasty();
	if (rnd_below(2))
		regs[1] = rnd_below(300);
	run_code(p, regs, flags);
}
