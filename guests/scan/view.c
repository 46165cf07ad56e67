/* See view.h: an unused entry of the root, and one table of each level below it. */
#include "guests/scan/view.h"

#include "guests/lib/insn.h"
#include "lib/addr.h"
#include "lib/bits.h"

#define SLOT    510u /* of the root: the upper half, where a guest of ours has nothing */
#define ADDRESS MASK(51, 12)
#define TABLE   3u /* present, writable */
#define PAGE    (BIT(0) | BIT(3) | BIT(4))

static uint64_t tables[3][512] ALIGNED(4096);

static uint64_t entry_of(const uint64_t *table)
{
	return (uint64_t)(uintptr_t)table | TABLE;
}

const volatile uint64_t *view_page(uint64_t address)
{
	uint64_t *root = (uint64_t *)(uintptr_t)(read_cr3() & ADDRESS);
	void *here = (void *)(0xffff000000000000ull | (uint64_t)SLOT << 39);

	root[SLOT] = entry_of(tables[0]);
	tables[0][0] = entry_of(tables[1]);
	tables[1][0] = entry_of(tables[2]);
	tables[2][0] = address | PAGE;
	invlpg(here);
	return here;
}
