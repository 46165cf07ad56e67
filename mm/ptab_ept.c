/*
 * Entries of EPT (SDM 3C 29.3.2): nested tables on VT-x. A leaf's memory type combines with the
 * guest's PAT as an MTRR's would, so "ignore PAT" stays clear. Accessed and dirty are set from the
 * start, for CPUs that keep them: there is nothing to write back.
 */
#include "mm/ptab.h"

#include "arch/x86/cpu/msr.h"

#define R        BIT(0)
#define W        BIT(1)
#define X        BIT(2)
#define TYPE     MASK(5, 3)
#define LARGE    BIT(7)
#define ACCESSED BIT(8)
#define DIRTY    BIT(9)
#define ADDRESS  MASK(51, 12)

/* R is always there: W without it is a misconfiguration, X without it needs a CPU that allows it.
 */
static uint64_t encode(unsigned attrs, unsigned level)
{
	uint64_t type = MEMORY_WB;

	if (attrs & PTAB_UNCACHED)
		type = MEMORY_UC;
	else if (attrs & PTAB_WRITE_COMBINING)
		type = MEMORY_WC;
	return R | (attrs & PTAB_WRITE ? W : 0) | (attrs & PTAB_EXEC ? X : 0) | ACCESSED | DIRTY |
	       field_set(TYPE, 0, type);
}

static unsigned decode(uint64_t e, unsigned level)
{
	unsigned attrs = 0;

	if (!(e & (R | W | X)))
		return 0;
	attrs |= e & R ? PTAB_READ : 0;
	attrs |= e & W ? PTAB_WRITE : 0;
	attrs |= e & X ? PTAB_EXEC : 0;
	if (field_get(TYPE, e) == MEMORY_UC)
		attrs |= PTAB_UNCACHED;
	else if (field_get(TYPE, e) == MEMORY_WC)
		attrs |= PTAB_WRITE_COMBINING;
	return attrs;
}

static bool present(uint64_t e)
{
	return e & (R | W | X);
}

#define FORMAT(id, text, leaf, exec_leaf)                                                          \
	const struct ptab_format ptab_ept_##id = {                                                 \
		.name = text,                                                                      \
		.levels = 4,                                                                       \
		.max_leaf = leaf,                                                                  \
		.max_exec_leaf = exec_leaf,                                                        \
		.leaf_large = LARGE,                                                               \
		.table_bits = R | W | X | ACCESSED,                                                \
		.address_mask = ADDRESS,                                                           \
		.encode = encode,                                                                  \
		.decode = decode,                                                                  \
		.present = present,                                                                \
	}

FORMAT(2m, "EPT, 2 MiB", 2, 2);
FORMAT(1g, "EPT, 1 GiB", 3, 3);
FORMAT(4k_exec, "EPT, 2 MiB, code 4 KiB", 2, 1);
