/*
 * Page tables from a fixed pool, linked by physical address, which is also their virtual one. A
 * large page is split when a part of it gets other rights; a large request over an existing table
 * goes down into it. Levels: 3 = PML4 entry (512 GiB), 2 = 1 GiB, 1 = 2 MiB, 0 = 4 KiB.
 */
#include "guests/lib/paging.h"

#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "lib/addr.h"
#include "lib/bits.h"

#define POOL_TABLES 32
#define ENTRIES     512

#define PTE_PRESENT BIT(0)
#define PTE_WRITE   BIT(1)
#define PTE_PWT     BIT(3)
#define PTE_PCD     BIT(4)
#define PTE_LARGE   BIT(7)
#define PTE_NX      BIT(63)
#define PTE_ADDRESS MASK(51, 12)

#define MSR_EFER        0xc0000080u
#define EFER_NXE        BIT(11)
#define CPUID_NX        BIT(20) /* 0x80000001 edx */
#define CPUID_PAGE_1GIB BIT(26)
#define CR0_WP          BIT(16)

extern const uint8_t image_start[], rodata_start[], data_start[];

static uint64_t pool[POOL_TABLES][ENTRIES] ALIGNED(4096);
static unsigned pool_used = 1; /* the first one is the root */
static uint64_t nx;            /* PTE_NX, or 0 where the processor lacks it */
static unsigned largest;       /* level of the largest page */

static uint64_t level_bytes(unsigned level)
{
	return PAGE_SIZE << (9 * level);
}

static uint64_t pte_for(uint64_t at, unsigned level, unsigned flags)
{
	uint64_t pte = at | PTE_PRESENT | (level ? PTE_LARGE : 0);

	if (flags & PAGING_NONE)
		return 0;
	if (flags & PAGING_WRITE)
		pte |= PTE_WRITE;
	if (flags & PAGING_DEVICE)
		pte |= PTE_PCD | PTE_PWT;
	return flags & PAGING_EXEC ? pte : pte | nx;
}

/* The table below entry *e of `level`, made if need be; a large page there is split. */
static uint64_t *table_below(uint64_t *e, unsigned level)
{
	uint64_t old = *e;

	if ((old & PTE_PRESENT) && !(old & PTE_LARGE))
		return (uint64_t *)(uintptr_t)(old & PTE_ADDRESS);
	if (pool_used == POOL_TABLES)
		panic("all %u page tables are used: raise POOL_TABLES", POOL_TABLES);
	uint64_t *table = pool[pool_used++];
	uint64_t step = level_bytes(level - 1);

	for (unsigned i = 0; old && i < ENTRIES; i++)
		table[i] = (level == 1 ? old & ~PTE_LARGE : old) + i * step;
	*e = (uint64_t)(uintptr_t)table | PTE_PRESENT | PTE_WRITE;
	return table;
}

/* Maps the part of [at, end) that one table of `level` covers; returns where it stopped. */
static uint64_t map_in(uint64_t *table, unsigned level, uint64_t at, uint64_t end, unsigned flags)
{
	uint64_t step = level_bytes(level);
	uint64_t stop = MIN(end, align_down(at, step * ENTRIES) + step * ENTRIES);

	while (at < stop) {
		uint64_t *e = &table[at / step % ENTRIES];
		bool is_table = level && (*e & PTE_PRESENT) && !(*e & PTE_LARGE);
		bool fits = level <= largest && !(at % step) && stop - at >= step;

		if (fits && !is_table) {
			*e = pte_for(at, level, flags);
			invlpg((const void *)at);
			at += step;
		} else {
			at = map_in(table_below(e, level), level - 1, at, stop, flags);
		}
	}
	return at;
}

void paging_map(uint64_t base, uint64_t bytes, unsigned flags)
{
	uint64_t unit = flags & PAGING_EXACTLY ? PAGE_SIZE : MIB_2;
	uint64_t end = align_up(base + bytes, unit);

	map_in(pool[0], 3, align_down(base, unit), end, flags);
}

volatile void *paging_map_device(uint64_t base, uint64_t bytes)
{
	paging_map(base, bytes, PAGING_WRITE | PAGING_DEVICE | PAGING_EXACTLY);
	return (volatile void *)(uintptr_t)base;
}

static void find_features(void)
{
	uint32_t edx = cpuid(0x80000001, 0).edx;

	largest = edx & CPUID_PAGE_1GIB ? 2 : 1;
	nx = edx & CPUID_NX ? PTE_NX : 0;
	if (nx && !(rdmsr(MSR_EFER) & EFER_NXE))
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
}

/* What lies below 4 GiB is mapped already. */
static void map_high(uint64_t base, uint64_t bytes)
{
	if (bytes && base + bytes > 4 * GIB_1)
		paging_map(base, bytes, PAGING_WRITE);
}

static void map_image_part(const uint8_t *from, const uint8_t *to, unsigned flags)
{
	paging_map((uint64_t)(uintptr_t)from, (uint64_t)(to - from), flags | PAGING_EXACTLY);
}

/* Read-only pages bind ring 0 as well. */
static void protect_writes(void)
{
	uint64_t cr0;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	asm volatile("mov %0, %%cr0" : : "r"(cr0 | CR0_WP) : "memory");
}

void paging_init(void)
{
	find_features();
	paging_map(0, 4 * GIB_1, PAGING_WRITE);
	map_high((uint64_t)(uintptr_t)boot, HV_BOOT_BYTES);
	map_high(boot->ram, boot->memory);
	for (unsigned i = 0; i < boot->regions; i++)
		map_high(boot->region[i].base, boot->region[i].bytes);
	map_image_part(image_start, rodata_start, PAGING_EXEC);
	map_image_part(rodata_start, data_start, PAGING_READ);
	write_cr3((uint64_t)(uintptr_t)pool[0]);
	protect_writes();
}
