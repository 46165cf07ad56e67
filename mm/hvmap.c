/*
 * Building and changing the hypervisor's own page tables. Until hvmap_init has switched to them the
 * boot tables show the first 4 GiB at HVMAP_DIRECT, so the first chunk must lie there. The pool of
 * table pages is refilled before each mapping, with some left over for the chunk that the refill
 * itself may need.
 */
#include "mm/hvmap.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/regs.h"
#include "lib/assert.h"
#include "mm/frames.h"
#include "mm/pool.h"
#include "mm/ptab.h"

#define IMAGE_BASE   0xffffffff80000000ul /* virtual - physical, in the image */
#define BOOT_LIMIT   0x100000000ul        /* what the boot tables map */
#define POOL_RESERVE 24                   /* table pages that chunks may take */
#define POOL_REFILL  16
#define STACK_STRIDE 0x10000ul
#define SLOT_TABLES  (MAX_CPUS * HVMAP_SLOTS / 512)
#define MIB_2_SHIFT  21

static_assert(MAX_CPUS * HVMAP_SLOTS % 512 == 0, "slots fill whole tables");
static_assert(SLOT_TABLES + MAX_CPUS <= 512, "slots and windows have one table above them");

/* linker.ld; all page-aligned */
extern const char text_start[], text_end[], rodata_start[], rodata_end[];
extern const char ro_after_init_start[], ro_after_init_end[], data_start[], data_end[];

static struct pool pool;
static struct ptab map;
static bool ready, sealed;
static hpa_t first_chunk;
static uint64_t first_bytes;

static uint64_t *slot_entries[SLOT_TABLES] RO_AFTER_INIT;
static uint64_t *temp_entries RO_AFTER_INIT; /* of 2 MiB: the slots' tables, then the windows */
static uint64_t slot_bits RO_AFTER_INIT;

hpa_t hvmap_image_hpa(const void *p)
{
	return hpa((uint64_t)p - IMAGE_BASE);
}

hpa_t hvmap_root(void)
{
	return hv_hpa(map.root);
}

uint64_t hvmap_chunk_limit(void)
{
	return ready ? 0 : BOOT_LIMIT;
}

static void map_range(uint64_t va, hpa_t base, uint64_t bytes, unsigned attrs)
{
	if (ptab_map(&map, va, base, bytes, attrs) != OK)
		panic("no table page for the map of %#lx bytes at %#lx", bytes, base.v);
}

void hvmap_chunk(hpa_t base, uint64_t bytes)
{
	if (ready) {
		map_range((uint64_t)hv_virt(base), base, bytes,
			  PTAB_READ | PTAB_WRITE | PTAB_GLOBAL);
		return;
	}
	assert(!first_bytes);
	first_chunk = base;
	first_bytes = bytes;
}

/* Page-aligns a range, sees to table pages, and maps it at its place in the direct map. */
static void *map_direct(hpa_t base, uint64_t bytes, unsigned attrs)
{
	hpa_t first = hpa(page_down(base.v));
	uint64_t size = page_up(base.v + bytes) - first.v;

	assert(!sealed);
	while (pool.pages - pool.used < ptab_pages_for(map.format, size) + POOL_RESERVE)
		pool_add(&pool, frames_hv(POOL_REFILL), POOL_REFILL);
	map_range((uint64_t)hv_virt(first), first, size, attrs | PTAB_GLOBAL);
	return hv_virt(base);
}

volatile void *hvmap_device(hpa_t base, uint64_t bytes)
{
	return map_direct(base, bytes, PTAB_READ | PTAB_WRITE | PTAB_UNCACHED);
}

const void *hvmap_memory(hpa_t base, uint64_t bytes)
{
	return map_direct(base, bytes, PTAB_READ);
}

volatile void *hvmap_framebuffer(hpa_t base, uint64_t bytes)
{
	return map_direct(base, bytes, PTAB_READ | PTAB_WRITE | PTAB_WRITE_COMBINING);
}

static void map_image(const char *start, const char *stop, unsigned attrs)
{
	if (start < stop)
		map_range((uint64_t)start, hvmap_image_hpa(start), (uint64_t)(stop - start),
			  attrs | PTAB_GLOBAL);
}

/* The table that covers va whose entries stand for 1 << leaf bytes: a mapping there has made it. */
static uint64_t *table_of(uint64_t va, unsigned leaf)
{
	uint64_t *table = map.root;

	for (unsigned shift = 39; shift > leaf; shift -= 9)
		table = hv_virt(hpa(table[va >> shift & 511] & map.format->address_mask));
	return table;
}

/* Slots are changed by writing their entry, not through ptab: guestmem.c needs them fast. A first
   mapping makes ptab build each table, which stays. The windows follow in the level above. */
static void make_slots(void)
{
	slot_bits = map.format->encode(PTAB_READ | PTAB_WRITE, 1);
	for (unsigned i = 0; i < SLOT_TABLES; i++) {
		uint64_t va = HVMAP_TEMP + i * MIB_2;

		map_range(va, first_chunk, PAGE_SIZE, PTAB_READ);
		slot_entries[i] = table_of(va, PAGE_SHIFT);
		slot_entries[i][0] = 0;
	}
	temp_entries = table_of(HVMAP_TEMP, MIB_2_SHIFT);
}

/* Toggling PGE drops global entries, too. */
void hvmap_forget(void)
{
	insn_write_cr4(insn_read_cr4() ^ CR4_PGE);
	insn_write_cr4(insn_read_cr4() ^ CR4_PGE);
}

void hvmap_init(void)
{
	const struct ptab_format *f = cpu_has(CPU_PAGE_1G) ? &ptab_host_1g : &ptab_host_2m;

	pool_add(&pool, frames_hv(POOL_REFILL + POOL_RESERVE), POOL_REFILL + POOL_RESERVE);
	if (ptab_init(&map, f, &pool) != OK)
		panic("no page for the root of the hypervisor's map");
	map_range((uint64_t)hv_virt(first_chunk), first_chunk, first_bytes,
		  PTAB_READ | PTAB_WRITE | PTAB_GLOBAL);
	map_image(text_start, text_end, PTAB_READ | PTAB_EXEC);
	map_image(rodata_start, rodata_end, PTAB_READ);
	map_image(ro_after_init_start, ro_after_init_end, PTAB_READ | PTAB_WRITE);
	map_image(data_start, data_end, PTAB_READ | PTAB_WRITE);
	make_slots();
	insn_write_cr3(hvmap_root().v);
	hvmap_forget(); /* the boot tables' global entries, should there be any */
	ready = true;
}

uint64_t hvmap_stack(unsigned block, unsigned n, size_t pages)
{
	uint64_t bottom = HVMAP_STACK + (block * HVMAP_STACKS + n) * STACK_STRIDE + PAGE_SIZE;
	void *memory = frames_hv(pages);

	assert(n < HVMAP_STACKS && pages * PAGE_SIZE < STACK_STRIDE && !sealed);
	map_range(bottom, hv_hpa(memory), pages * PAGE_SIZE, PTAB_READ | PTAB_WRITE | PTAB_GLOBAL);
	return bottom + pages * PAGE_SIZE;
}

void hvmap_seal(void)
{
	map_image(ro_after_init_start, ro_after_init_end, PTAB_READ);
	for (const char *p = ro_after_init_start; p < ro_after_init_end; p += PAGE_SIZE)
		insn_invlpg(p);
	sealed = true;
}

void *hvmap_slot(unsigned n, hpa_t frame)
{
	unsigned slot = cpu_index() * HVMAP_SLOTS + n;
	void *va = (void *)(HVMAP_TEMP + slot * PAGE_SIZE);

	slot_entries[slot / 512][slot % 512] = frame.v | slot_bits;
	insn_invlpg(va);
	return va;
}

void hvmap_slot_clear(unsigned n)
{
	unsigned slot = cpu_index() * HVMAP_SLOTS + n;

	slot_entries[slot / 512][slot % 512] = 0;
	insn_invlpg((void *)(HVMAP_TEMP + slot * PAGE_SIZE));
}

static NOINLINE void *set_window(uint64_t entry)
{
	unsigned n = SLOT_TABLES + cpu_index();
	void *va = (void *)(HVMAP_TEMP + n * MIB_2);

	temp_entries[n] = entry;
	insn_invlpg(va);
	return va;
}

void *hvmap_window(hpa_t base)
{
	return set_window(base.v | slot_bits | map.format->leaf_large);
}

void hvmap_window_clear(void)
{
	set_window(0);
}
