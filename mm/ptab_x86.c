/*
 * Entries as the CPU's own page tables have them (APM 2 5.3): the host map, and nested tables on
 * AMD-V, whose walks count as user accesses (APM 2 15.25.5). Memory types by PWT and PCD alone
 * against PAT_HOST, so a large leaf needs no PAT bit. Accessed and dirty are set from the start:
 * the CPU has nothing to write back.
 */
#include "mm/ptab.h"

#include "lib/bits.h"

#define P        BIT(0)
#define RW       BIT(1)
#define US       BIT(2)
#define PWT      BIT(3)
#define PCD      BIT(4)
#define ACCESSED BIT(5)
#define DIRTY    BIT(6)
#define LARGE    BIT(7)
#define GLOBAL   BIT(8)
#define NX       BIT(63)
#define ADDRESS  MASK(51, 12)

static uint64_t encode_common(unsigned attrs)
{
	uint64_t e = P | ACCESSED | DIRTY;

	if (attrs & PTAB_WRITE)
		e |= RW;
	if (!(attrs & PTAB_EXEC))
		e |= NX;
	if (attrs & PTAB_UNCACHED)
		e |= PCD | PWT;
	else if (attrs & PTAB_WRITE_COMBINING)
		e |= PWT;
	return e;
}

static uint64_t encode_host(unsigned attrs, unsigned level)
{
	return encode_common(attrs) | (attrs & PTAB_GLOBAL ? GLOBAL : 0);
}

static uint64_t encode_npt(unsigned attrs, unsigned level)
{
	return encode_common(attrs) | US;
}

static unsigned decode(uint64_t e, unsigned level)
{
	unsigned attrs = PTAB_READ;

	if (!(e & P))
		return 0;
	attrs |= e & RW ? PTAB_WRITE : 0;
	attrs |= e & NX ? 0 : PTAB_EXEC;
	attrs |= e & GLOBAL ? PTAB_GLOBAL : 0;
	if (e & PCD)
		attrs |= PTAB_UNCACHED;
	else if (e & PWT)
		attrs |= PTAB_WRITE_COMBINING;
	return attrs;
}

static bool present(uint64_t e)
{
	return e & P;
}

#define FORMAT(id, text, leaf, sign, bits, enc)                                                    \
	const struct ptab_format ptab_##id = {                                                     \
		.name = text,                                                                      \
		.levels = 4,                                                                       \
		.max_leaf = leaf,                                                                  \
		.max_exec_leaf = leaf,                                                             \
		.sign_extended = sign,                                                             \
		.leaf_large = LARGE,                                                               \
		.table_bits = bits,                                                                \
		.address_mask = ADDRESS,                                                           \
		.encode = enc,                                                                     \
		.decode = decode,                                                                  \
		.present = present,                                                                \
	}

FORMAT(host_2m, "host, 2 MiB", 2, true, P | RW | ACCESSED, encode_host);
FORMAT(host_1g, "host, 1 GiB", 3, true, P | RW | ACCESSED, encode_host);
FORMAT(npt_2m, "NPT, 2 MiB", 2, false, P | RW | US | ACCESSED, encode_npt);
FORMAT(npt_1g, "NPT, 1 GiB", 3, false, P | RW | US | ACCESSED, encode_npt);
