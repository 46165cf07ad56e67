/*
 * Pages that change under other vCPUs. All read one page, whose entry the first vCPU moves to
 * another frame again and again; when every vCPU has said that it has dropped the translation, the
 * frame from before is poisoned. Who reads poison has used a stale translation.
 */
#include <stddef.h>

#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/paging.h"
#include "guests/lib/smp.h"
#include "guests/lib/trap.h"
#include "guests/smp/cases.h"
#include "lib/addr.h"
#include "lib/bits.h"

#define MOVES   200
#define FRAMES  4
#define POISON  0xdeadul
#define ADDRESS MASK(51, 12)

static volatile uint64_t view[PAGE_SIZE / 8] ALIGNED(4096); /* the page that moves */
static volatile uint64_t frames[FRAMES][PAGE_SIZE / 8] ALIGNED(4096);
static uint32_t dropped, stale;
static uint64_t reads;
static bool over;

static void drop(struct trap_frame *f, void *arg)
{
	invlpg((const void *)view);
	__atomic_fetch_add(&dropped, 1, __ATOMIC_RELEASE);
	apic_eoi();
}

/* The entry of a page that has one of its own. */
static volatile uint64_t *entry_of(const volatile void *page)
{
	uint64_t *table = (uint64_t *)(read_cr3() & ADDRESS);

	for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9)
		table = (uint64_t *)(table[(uint64_t)page >> shift & 511] & ADDRESS);
	return &table[(uint64_t)page >> PAGE_SHIFT & 511];
}

static void turn_to(volatile uint64_t *entry, unsigned n)
{
	frames[n][0] = n;
	*entry = (*entry & ~ADDRESS) | (uint64_t)frames[n];
	invlpg((const void *)view);
}

static void move(volatile uint64_t *entry, unsigned n)
{
	volatile uint64_t *old = (volatile uint64_t *)(*entry & ADDRESS);

	turn_to(entry, n);
	__atomic_store_n(&dropped, 0, __ATOMIC_RELAXED);
	for (unsigned id = 1; id < boot->vcpus; id++)
		smp_ipi(id, VECTOR_FLUSH);
	while (__atomic_load_n(&dropped, __ATOMIC_ACQUIRE) != boot->vcpus - 1u)
		cpu_relax();
	old[0] = POISON;
}

static void work(unsigned id)
{
	volatile uint64_t *entry = entry_of(view);
	uint64_t n = 0;

	for (unsigned i = 0; !id && i < MOVES; i++)
		move(entry, i % FRAMES);
	if (!id)
		__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	for (; !__atomic_load_n(&over, __ATOMIC_ACQUIRE); n++)
		if (view[0] == POISON)
			__atomic_fetch_add(&stale, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&reads, n, __ATOMIC_RELAXED);
}

void tlb_cases(void)
{
	trap_bind(VECTOR_FLUSH, drop, NULL);
	paging_map((uint64_t)view, PAGE_SIZE, PAGING_WRITE | PAGING_EXACTLY);
	/* The frame where it lies is reached by its address alone. */
	turn_to(entry_of(view), FRAMES - 1);
	together(work);
	verdict("no stale translation", reads && !stale);
}
