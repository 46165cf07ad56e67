/* See machine.h. SDM 3A 3.4.5 and 8.7, APM 2 4.8 and 12.2.5 have the layouts. */
#include "guests/conform/machine.h"

#include "guests/lib/insn.h"
#include "guests/lib/paging.h"
#include "guests/lib/trap.h"
#include "lib/assert.h"
#include "lib/string.h"

#define FRAMES         16
#define STACK_BYTES    8192
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define ADDRESS        MASK(51, 12)

struct PACKED table_pointer {
	uint16_t limit;
	uint64_t base;
};

extern const uint8_t image_start[], image_end[];
void machine_load(const struct table_pointer *gdt);

static uint64_t gdt[SELECTOR_PAST_GDT / 8] ALIGNED(16) = {
	[SELECTOR_CODE / 8] = 0x00af9b000000ffff,
	[SELECTOR_DATA / 8] = 0x00cf93000000ffff,
	[SELECTOR_USER_CODE32 / 8] = 0x00cffb000000ffff,
	[SELECTOR_USER_DATA / 8] = 0x00cff3000000ffff,
	[SELECTOR_USER_CODE / 8] = 0x00affb000000ffff,
	[SELECTOR_ABSENT_DATA / 8] = 0x00cf13000000ffff,
	[SELECTOR_ABSENT_CODE / 8] = 0x00af1b000000ffff,
	[SELECTOR_READ_ONLY / 8] = 0x00cf91000000ffff,
	[SELECTOR_CODE32 / 8] = 0x00cf9b000000ffff,
	[SELECTOR_EXECUTE_ONLY / 8] = 0x00af99000000ffff,
};
#define TSS_BYTES 104
#define MAP_BYTES 16

static uint8_t tss[TSS_BYTES + MAP_BYTES] ALIGNED(16);
static uint32_t tss_limit = TSS_BYTES - 1;
static uint8_t ring0_stack[STACK_BYTES] ALIGNED(16), ist_stack[STACK_BYTES] ALIGNED(16);
static uint8_t frames[FRAMES][4096] ALIGNED(4096);
static uint64_t pdpt[512] ALIGNED(4096), pd[512] ALIGNED(4096), image_pt[512] ALIGNED(4096),
	test_pt[512] ALIGNED(4096);

static void set_system(unsigned selector, uint64_t type, uint64_t base, uint32_t limit)
{
	gdt[selector / 8] =
		limit | (base & 0xffffff) << 16 | type << 40 | (base >> 24 & 0xff) << 56;
	gdt[selector / 8 + 1] = base >> 32;
}

void machine_load_tss(void)
{
	set_system(SELECTOR_TSS, 0x89, machine_address(tss), tss_limit);
	asm volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

static void load_tables(void)
{
	struct table_pointer p = { sizeof(gdt) - 1, machine_address(gdt) };
	uint64_t rsp0 = machine_address(ring0_stack) + STACK_BYTES;
	uint64_t ist1 = machine_address(ist_stack) + STACK_BYTES;

	memcpy(tss + 4, &rsp0, 8);
	memcpy(tss + 36, &ist1, 8);
	tss[TSS_BYTES - 2] = TSS_BYTES;
	set_system(SELECTOR_BUSY_TSS, 0x8b, machine_address(tss), TSS_BYTES - 1);
	set_system(SELECTOR_ABSENT_LDT, 0x02, 0, 0xffff);
	machine_load(&p);
	trap_init();
	machine_load_tss();
}

static void map_ranges(void)
{
	uint64_t *root = (uint64_t *)(read_cr3() & ADDRESS), at = machine_address(image_start);
	const uint64_t rights = PTE_P | PTE_W | PTE_U;

	assert(image_end - image_start <= 512 * 4096);
	root[USER_IMAGE >> 39 & 511] = machine_address(pdpt) | rights;
	pdpt[0] = machine_address(pd) | rights;
	pd[0] = machine_address(image_pt) | rights;
	pd[1] = machine_address(test_pt) | rights;
	for (unsigned i = 0; at < machine_address(image_end); i++, at += 4096)
		image_pt[i] = at | rights;
	write_cr3(read_cr3());
}

static void enable_sse(void)
{
	uint64_t cr4;

	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT));
}

void machine_init(void)
{
	load_tables();
	map_ranges();
	enable_sse();
}

uint64_t *machine_pte(unsigned page)
{
	return &test_pt[page];
}

uint64_t *machine_pde(unsigned n)
{
	return &pd[1 + n];
}

uint64_t *machine_pdpte(unsigned n)
{
	return &pdpt[n];
}

void machine_map(unsigned n, uint64_t entry)
{
	test_pt[n] = entry;
	invlpg((const void *)machine_page(n));
}

uint64_t machine_user(const void *p)
{
	return USER_IMAGE + (machine_address(p) - machine_address(image_start));
}

uint64_t *machine_gate(unsigned vector)
{
	struct table_pointer p;

	asm volatile("sidt %0" : "=m"(p));
	return (uint64_t *)p.base + 2 * vector;
}

uint8_t *machine_frame(unsigned n)
{
	return frames[n];
}

void machine_io_map(unsigned bytes)
{
	memset(tss + TSS_BYTES, 0xff, MAP_BYTES);
	tss[TSS_BYTES] = 0;
	tss_limit = TSS_BYTES - 1 + (bytes ? bytes + 1 : 0);
	machine_load_tss();
}
