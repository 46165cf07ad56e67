/*
 * The page-table engine on the host: leaf sizes, splits, replacement, pools that run dry, and a
 * random comparison with a flat array. HVMAP_DIRECT = 0 makes tables plain heap pages.
 */
// sources: mm/ptab.c mm/ptab_x86.c mm/pool.c
// flags: -DHVMAP_DIRECT=0ul
#include "mm/ptab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/assert.h"
#include "lib/bits.h"

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

static void check(struct fixture *x, uint64_t va, uint64_t to, uint64_t bytes, unsigned attrs)
{
	struct ptab_leaf leaf;

	assert_true(ptab_lookup(&x->t, va, &leaf));
	assert_int_equal(leaf.hpa.v, to);
	assert_int_equal(leaf.bytes, bytes);
	assert_int_equal(leaf.attrs, attrs);
}

static bool mapped(struct fixture *x, uint64_t va)
{
	struct ptab_leaf leaf;

	return ptab_lookup(&x->t, va, &leaf);
}

static void the_largest_leaf_that_fits_is_used(void **state)
{
	struct fixture *x = make(&ptab_npt_1g, 8);

	assert_int_equal(ptab_map(&x->t, 0, hpa(4 * GIB_1), 2 * GIB_1, RWX), OK);
	assert_int_equal(x->pool.used, 2);
	check(x, GIB_1 + 0x1234, 5 * GIB_1 + 0x1234, GIB_1 - 0x1234, RWX);
	drop(x);

	x = make(&ptab_npt_2m, 8);
	assert_int_equal(ptab_map(&x->t, 0, hpa(4 * GIB_1), GIB_1 + MIB_2 + PAGE_SIZE, RWX), OK);
	assert_int_equal(x->pool.used, 5);
	check(x, GIB_1, 5 * GIB_1, MIB_2, RWX);
	check(x, GIB_1 + MIB_2, 5 * GIB_1 + MIB_2, PAGE_SIZE, RWX);
	assert_false(mapped(x, GIB_1 + MIB_2 + PAGE_SIZE));
	drop(x);
}

static void misaligned_targets_get_small_leaves(void **state)
{
	struct fixture *x = make(&ptab_npt_1g, 8);

	assert_int_equal(ptab_map(&x->t, 0, hpa(PAGE_SIZE), MIB_2, PTAB_READ), OK);
	check(x, 0x5000, 0x6000, PAGE_SIZE, PTAB_READ);
	assert_int_equal(x->pool.used, 4);
	drop(x);
}

static void unmapping_splits_at_both_edges_and_keeps_the_rest(void **state)
{
	struct fixture *x = make(&ptab_npt_1g, 16);

	assert_int_equal(ptab_map(&x->t, 0, hpa(GIB_1), GIB_1, RWX), OK);
	assert_int_equal(ptab_unmap(&x->t, MIB_2 + PAGE_SIZE, MIB_2), OK);
	check(x, MIB_2, GIB_1 + MIB_2, PAGE_SIZE, RWX);
	assert_false(mapped(x, MIB_2 + PAGE_SIZE));
	assert_false(mapped(x, 2 * MIB_2));
	check(x, 2 * MIB_2 + PAGE_SIZE, GIB_1 + 2 * MIB_2 + PAGE_SIZE, PAGE_SIZE, RWX);
	check(x, 0, GIB_1, MIB_2, RWX);
	check(x, GIB_1 - 1, 2 * GIB_1 - 1, 1, RWX);
	drop(x);
}

static void empty_tables_go_back_to_the_pool(void **state)
{
	struct fixture *x = make(&ptab_npt_2m, 16);

	assert_int_equal(ptab_map(&x->t, 0x1000, hpa(0x1000), 3 * MIB_2, RWX), OK);
	assert_true(x->pool.used > 3);
	assert_int_equal(ptab_unmap(&x->t, 0, 4 * MIB_2), OK);
	assert_int_equal(x->pool.used, 1);
	assert_int_equal(ptab_unmap(&x->t, 0, 1ull << 48), OK);
	assert_int_equal(x->pool.used, 1);
	drop(x);
}

static void a_large_leaf_replaces_a_whole_table(void **state)
{
	struct fixture *x = make(&ptab_npt_1g, 8);

	assert_int_equal(ptab_map(&x->t, PAGE_SIZE, hpa(0), PAGE_SIZE, RWX), OK);
	assert_int_equal(x->pool.used, 4);
	assert_int_equal(ptab_map(&x->t, 0, hpa(0), GIB_1, PTAB_READ), OK);
	assert_int_equal(x->pool.used, 2);
	check(x, PAGE_SIZE, PAGE_SIZE, GIB_1 - PAGE_SIZE, PTAB_READ);
	drop(x);
}

static void a_small_page_inside_a_large_one_splits_it(void **state)
{
	struct fixture *x = make(&ptab_npt_1g, 8);

	assert_int_equal(ptab_map(&x->t, 0, hpa(GIB_1), GIB_1, RWX), OK);
	assert_int_equal(ptab_map(&x->t, 0x7000, hpa(0xabc000), PAGE_SIZE, PTAB_READ), OK);
	check(x, 0x7000, 0xabc000, PAGE_SIZE, PTAB_READ);
	check(x, 0x8000, GIB_1 + 0x8000, PAGE_SIZE, RWX);
	check(x, MIB_2, GIB_1 + MIB_2, MIB_2, RWX);
	drop(x);
}

static void a_dry_pool_is_an_error_and_unmaps_nothing(void **state)
{
	struct fixture *x = make(&ptab_npt_1g, 2);

	assert_int_equal(ptab_map(&x->t, 0, hpa(GIB_1), GIB_1, RWX), OK);
	assert_int_equal(ptab_unmap(&x->t, 0x1000, 0x1000), ERR_NOMEM);
	check(x, 0x1000, GIB_1 + 0x1000, GIB_1 - 0x1000, RWX);
	assert_int_equal(ptab_map(&x->t, 1ull << 40, hpa(0), PAGE_SIZE, RWX), ERR_NOMEM);
	drop(x);
}

static void bad_ranges_are_refused(void **state)
{
	struct fixture *x = make(&ptab_npt_1g, 4), *y = make(&ptab_host_1g, 4);

	assert_int_equal(ptab_map(&x->t, 1, hpa(0), PAGE_SIZE, RWX), ERR_INVAL);
	assert_int_equal(ptab_map(&x->t, 0, hpa(1), PAGE_SIZE, RWX), ERR_INVAL);
	assert_int_equal(ptab_map(&x->t, 0, hpa(0), 100, RWX), ERR_INVAL);
	assert_int_equal(ptab_map(&x->t, 0, hpa(1ull << 52), PAGE_SIZE, RWX), ERR_INVAL);
	assert_int_equal(ptab_map(&x->t, 1ull << 48, hpa(0), PAGE_SIZE, RWX), ERR_INVAL);
	assert_int_equal(ptab_map(&x->t, -PAGE_SIZE, hpa(0), 2 * PAGE_SIZE, RWX), ERR_INVAL);
	assert_int_equal(ptab_unmap(&x->t, 1ull << 47, 1ull << 48), ERR_INVAL);
	assert_false(mapped(x, 1ull << 50));
	assert_int_equal(ptab_map(&y->t, 1ull << 47, hpa(0), PAGE_SIZE, RWX), ERR_INVAL);
	assert_int_equal(ptab_map(&y->t, -PAGE_SIZE, hpa(0), PAGE_SIZE, RWX), OK);
	check(y, -PAGE_SIZE, 0, PAGE_SIZE, RWX);
	assert_int_equal(ptab_map(&y->t, 0, hpa(0), 0, RWX), OK);
	drop(x);
	drop(y);
}

static void entries_have_the_bits_of_the_manual(void **state)
{
	struct fixture *x = make(&ptab_npt_2m, 8), *y = make(&ptab_host_2m, 8);
	uint64_t *npt = x->t.root, *host = y->t.root;

	assert_int_equal(ptab_map(&x->t, 0, hpa(MIB_2), MIB_2, PTAB_READ | PTAB_EXEC), OK);
	assert_int_equal(npt[0] & 0xfff, 0x27);
	npt = (uint64_t *)(npt[0] & ~0xfffull);
	npt = (uint64_t *)(npt[0] & ~0xfffull);
	assert_true(npt[0] == (MIB_2 | 0xe5));
	assert_int_equal(ptab_map(&y->t, 0, hpa(MIB_2), MIB_2,
				  PTAB_READ | PTAB_WRITE | PTAB_GLOBAL | PTAB_UNCACHED),
			 OK);
	assert_int_equal(host[0] & 0xfff, 0x23);
	host = (uint64_t *)(host[0] & ~0xfffull);
	host = (uint64_t *)(host[0] & ~0xfffull);
	assert_true(host[0] == (MIB_2 | 0x1fb | BIT(63)));
	check(y, 0, MIB_2, MIB_2, PTAB_READ | PTAB_WRITE | PTAB_GLOBAL | PTAB_UNCACHED);
	drop(x);
	drop(y);
}

static void the_reservation_covers_the_worst_case(void **state)
{
	uint64_t bytes = 8 * MIB_2;
	struct fixture *x = make(&ptab_npt_1g, ptab_pages_for(&ptab_npt_1g, bytes));

	/* Across a 512 GiB line, with no large page possible. */
	assert_int_equal(ptab_map(&x->t, (1ull << 39) - 3 * MIB_2 - PAGE_SIZE, hpa(0), bytes, RWX),
			 OK);
	assert_true(x->pool.used > 12);
	drop(x);
}

/* 16 MiB around a 1 GiB line, page by page, against an array. */
static void random_maps_and_unmaps_agree_with_an_array(void **state)
{
	enum { PAGES = 4096 };
	static uint64_t model[PAGES];
	struct fixture *x = make(&ptab_npt_1g, ptab_pages_for(&ptab_npt_1g, PAGES * PAGE_SIZE));
	uint64_t base = GIB_1 - PAGES / 2 * PAGE_SIZE;

	memset(model, 0, sizeof(model));
	srand(1);
	for (unsigned round = 0; round < 300; round++) {
		uint64_t align = round % 3 ? 1 : 512;
		uint64_t from = (uint64_t)rand() % PAGES / align * align;
		uint64_t n = (uint64_t)rand() % (PAGES - from) + 1;
		uint64_t to = (1 + (uint64_t)rand() % 100) * align * PAGE_SIZE;
		bool map = rand() % 2;

		if (map)
			assert_int_equal(ptab_map(&x->t, base + from * PAGE_SIZE, hpa(to),
						  n * PAGE_SIZE, RWX),
					 OK);
		else
			assert_int_equal(ptab_unmap(&x->t, base + from * PAGE_SIZE, n * PAGE_SIZE),
					 OK);
		for (uint64_t i = 0; i < n; i++)
			model[from + i] = map ? to + i * PAGE_SIZE : 0;
		for (uint64_t i = 0; i < PAGES; i++) {
			struct ptab_leaf leaf = { 0 };
			bool is = ptab_lookup(&x->t, base + i * PAGE_SIZE, &leaf);

			assert_true(is == (model[i] != 0) && (!is || leaf.hpa.v == model[i]));
		}
	}
	assert_int_equal(ptab_unmap(&x->t, 0, 1ull << 48), OK);
	assert_int_equal(x->pool.used, 1);
	drop(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_leaf_that_fits_is_used),
		cmocka_unit_test(misaligned_targets_get_small_leaves),
		cmocka_unit_test(unmapping_splits_at_both_edges_and_keeps_the_rest),
		cmocka_unit_test(empty_tables_go_back_to_the_pool),
		cmocka_unit_test(a_large_leaf_replaces_a_whole_table),
		cmocka_unit_test(a_small_page_inside_a_large_one_splits_it),
		cmocka_unit_test(a_dry_pool_is_an_error_and_unmaps_nothing),
		cmocka_unit_test(bad_ranges_are_refused),
		cmocka_unit_test(entries_have_the_bits_of_the_manual),
		cmocka_unit_test(the_reservation_covers_the_worst_case),
		cmocka_unit_test(random_maps_and_unmaps_agree_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
