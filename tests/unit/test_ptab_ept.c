/*
 * EPT formats in the page-table engine: bits of entries by the manual, memory types, and leaves of
 * code on CPUs with the iTLB-multihit defect. HVMAP_DIRECT = 0 makes tables plain heap pages.
 */
// sources: mm/ptab.c mm/ptab_ept.c mm/pool.c
// flags: -DHVMAP_DIRECT=0ul
#include "mm/ptab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/assert.h"
#include "lib/bits.h"

#define RW  (PTAB_READ | PTAB_WRITE)
#define RWX (PTAB_READ | PTAB_WRITE | PTAB_EXEC)

struct fixture {
	struct ptab t;
	struct pool pool;
	char *base;
};

void panic(const char *fmt, ...)
{
	fail_msg("%s", fmt);
	abort();
}

static struct fixture *make(const struct ptab_format *format, size_t pages)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->base = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
	memset(x->base, 0, pages * PAGE_SIZE);
	pool_add(&x->pool, x->base, pages);
	assert_int_equal(ptab_init(&x->t, format, &x->pool), OK);
	return x;
}

static void drop(struct fixture *x)
{
	free(x->base);
	free(x);
}

static void map(struct fixture *x, uint64_t va, uint64_t to, uint64_t bytes, unsigned attrs)
{
	assert_int_equal(ptab_map(&x->t, va, hpa(to), bytes, attrs), OK);
}

static void check(struct fixture *x, uint64_t va, uint64_t to, uint64_t bytes, unsigned attrs)
{
	struct ptab_leaf leaf;

	assert_true(ptab_lookup(&x->t, va, &leaf));
	assert_int_equal(leaf.hpa.v, to);
	assert_int_equal(leaf.bytes, bytes);
	assert_int_equal(leaf.attrs, attrs);
}

/* The entry for va, at the level where it is a leaf or nothing. */
static uint64_t entry(const struct fixture *x, uint64_t va, unsigned level)
{
	const uint64_t *table = x->t.root;

	for (unsigned n = 4; n > level; n--)
		table = (uint64_t *)(table[va >> (12 + 9 * (n - 1)) & 511] & MASK(51, 12));
	return table[va >> (12 + 9 * (level - 1)) & 511];
}

static void entries_have_the_bits_of_the_manual(void **state)
{
	struct fixture *x = make(&ptab_ept_2m, 8);

	map(x, 0, MIB_2, MIB_2, PTAB_READ | PTAB_EXEC);
	assert_int_equal(entry(x, 0, 4) & 0xfff, 0x107);
	assert_int_equal(entry(x, 0, 3) & 0xfff, 0x107);
	assert_int_equal(entry(x, 0, 2), MIB_2 | 0x3b5);
	map(x, MIB_2, 0x5000, PAGE_SIZE, RWX);
	assert_int_equal(entry(x, MIB_2, 1), 0x5000 | 0x337);
	drop(x);
}

static void memory_types_and_rights_come_back_from_an_entry(void **state)
{
	static const unsigned types[] = { 0, PTAB_UNCACHED, PTAB_WRITE_COMBINING };
	static const unsigned bits[] = { 6, 0, 1 };
	static const unsigned rights[] = { PTAB_READ, PTAB_READ | PTAB_EXEC, RW, RWX };
	struct fixture *x = make(&ptab_ept_1g, 8);

	for (size_t i = 0; i < ARRAY_SIZE(types) * ARRAY_SIZE(rights); i++) {
		unsigned attrs = types[i % 3] | rights[i / 3];

		map(x, GIB_1, 3 * GIB_1, GIB_1, attrs);
		check(x, GIB_1, 3 * GIB_1, GIB_1, attrs);
		assert_int_equal(entry(x, GIB_1, 3) >> 3 & 7, bits[i % 3]);
	}
	drop(x);
}

static void a_split_keeps_type_and_rights(void **state)
{
	struct fixture *x = make(&ptab_ept_1g, 8);

	map(x, 0, GIB_1, GIB_1, RW | PTAB_UNCACHED);
	assert_int_equal(ptab_unmap(&x->t, PAGE_SIZE, PAGE_SIZE), OK);
	check(x, 0, GIB_1, PAGE_SIZE, RW | PTAB_UNCACHED);
	check(x, MIB_2, GIB_1 + MIB_2, MIB_2, RW | PTAB_UNCACHED);
	assert_int_equal(entry(x, PAGE_SIZE, 1), 0);
	drop(x);
}

static void code_has_small_leaves_where_large_ones_are_unsafe(void **state)
{
	struct fixture *x = make(&ptab_ept_4k_exec, 16);

	map(x, 0, MIB_2, MIB_2, RWX);
	map(x, MIB_2, 2 * MIB_2, MIB_2, RW);
	check(x, 0, MIB_2, PAGE_SIZE, RWX);
	check(x, MIB_2 - PAGE_SIZE, 2 * MIB_2 - PAGE_SIZE, PAGE_SIZE, RWX);
	check(x, MIB_2, 2 * MIB_2, MIB_2, RW);
	map(x, GIB_1, 0, GIB_1, RW);
	check(x, GIB_1, 0, MIB_2, RW);
	drop(x);
}

static void a_reservation_covers_a_guest_in_small_leaves(void **state)
{
	uint64_t bytes = 16 * MIB_2;
	struct fixture *x = make(&ptab_ept_4k_exec, ptab_pages_for(&ptab_ept_4k_exec, bytes));

	map(x, GIB_1 - 3 * MIB_2, 0, bytes, RWX);
	assert_true(x->pool.used > 16);
	drop(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_have_the_bits_of_the_manual),
		cmocka_unit_test(memory_types_and_rights_come_back_from_an_entry),
		cmocka_unit_test(a_split_keeps_type_and_rights),
		cmocka_unit_test(code_has_small_leaves_where_large_ones_are_unsafe),
		cmocka_unit_test(a_reservation_covers_a_guest_in_small_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
