/*
 * Tables of ranges: who may lie beside, inside and over whom, and a random comparison of the lookup
 * with a flat array.
 */
// sources: vmm/ranges.c
#include "vmm/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ioreq_set s;

static int clear(void **state)
{
	memset(&s, 0, sizeof(s));
	return 0;
}

static enum err add(enum ioreq_table_id id, uint64_t base, uint64_t last, unsigned link,
		    unsigned incarnation)
{
	struct ioreq_range r = {
		.base = base, .last = last, .link = link, .incarnation = incarnation
	};

	return range_insert(&s, id, &r);
}

static void ranges_do_not_overlap(void **state)
{
	assert_int_equal(add(IOREQ_MEMORY, 0x1000, 0x1fff, 0, 1), OK);
	assert_int_equal(add(IOREQ_MEMORY, 0x1fff, 0x2fff, 0, 1), ERR_EXISTS);
	assert_int_equal(add(IOREQ_MEMORY, 0x2000, 0x2fff, 1, 1), OK);
	assert_int_equal(add(IOREQ_MEMORY, 0, ~0ull, 2, 1), ERR_EXISTS);
	assert_int_equal(add(IOREQ_PORT, 0x1000, 0x1fff, 1, 1), OK);
}

static void a_doorbell_lies_inside_a_range_of_the_same_back_end_only(void **state)
{
	assert_int_equal(add(IOREQ_MEMORY, 0x1000, 0x1fff, 0, 1), OK);
	assert_int_equal(add(IOREQ_MEMORY_DOORBELL, 0x1800, 0x1803, 1, 1), ERR_EXISTS);
	assert_int_equal(add(IOREQ_MEMORY_DOORBELL, 0x1800, 0x1803, 0, 1), OK);
	assert_int_equal(add(IOREQ_MEMORY, 0x1800, 0x1803, 1, 1), ERR_EXISTS);
}

static void what_a_dead_instance_left_gives_way_to_the_next_one(void **state)
{
	assert_int_equal(add(IOREQ_PORT, 0x100, 0x10f, 0, 1), OK);
	assert_int_equal(add(IOREQ_PORT, 0x110, 0x11f, 0, 1), OK);
	assert_int_equal(add(IOREQ_PORT, 0x100, 0x10f, 0, 1), OK);
	assert_int_equal(s.table[IOREQ_PORT].count, 2);
	assert_int_equal(add(IOREQ_PORT, 0x108, 0x117, 0, 1), ERR_EXISTS);
	assert_int_equal(add(IOREQ_PORT, 0x108, 0x117, 0, 2), OK);
	assert_int_equal(s.table[IOREQ_PORT].count, 1);
	assert_int_equal(add(IOREQ_PORT, 0x108, 0x117, 1, 3), ERR_EXISTS);
}

static void a_full_table_refuses_and_only_the_owner_deletes(void **state)
{
	for (unsigned i = 0; i < IOREQ_RANGES; i++)
		assert_int_equal(add(IOREQ_PORT, 10 * i, 10 * i + 4, 0, 1), OK);
	assert_int_equal(add(IOREQ_PORT, 5, 6, 0, 1), ERR_NOMEM);
	assert_int_equal(range_delete(&s, IOREQ_PORT, 1, 20), ERR_NOENT);
	assert_int_equal(range_delete(&s, IOREQ_PORT, 0, 21), ERR_NOENT);
	assert_int_equal(range_delete(&s, IOREQ_PORT, 0, 20), OK);
	assert_null(range_find(&s.table[IOREQ_PORT], 20, 1));
	assert_int_equal(add(IOREQ_PORT, 5, 6, 0, 1), OK);
}

static void an_access_over_the_end_is_not_inside(void **state)
{
	assert_int_equal(add(IOREQ_MEMORY, 0x1000, 0x1fff, 0, 1), OK);
	assert_non_null(range_find(&s.table[IOREQ_MEMORY], 0x1ffc, 4));
	assert_null(range_find(&s.table[IOREQ_MEMORY], 0x1ffd, 4));
	assert_null(range_find(&s.table[IOREQ_MEMORY], ~0ull, 4));
	assert_null(range_find(&s.table[IOREQ_MEMORY], 0xfff, 4));
}

static void lookup_agrees_with_a_flat_array(void **state)
{
	uint8_t owner[512] = { 0 };

	srandom(7);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned at = random() % 500, bytes = 1 + random() % 12;
		const struct ioreq_range *r = range_find(&s.table[0], at, 1);

		assert_int_equal(r ? r->link : 0, owner[at]);
		if (r && random() % 3 == 0) {
			memset(owner + r->base, 0, r->last - r->base + 1);
			assert_int_equal(range_delete(&s, 0, r->link, r->base), OK);
		} else if (add(0, at, at + bytes - 1, 1 + step % 4, step) == OK) {
			for (unsigned i = 0; i < 512; i++)
				if (owner[i] == 1 + step % 4 && !range_find(&s.table[0], i, 1))
					owner[i] = 0;
			memset(owner + at, 1 + step % 4, bytes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ranges_do_not_overlap, clear),
		cmocka_unit_test_setup(a_doorbell_lies_inside_a_range_of_the_same_back_end_only,
				       clear),
		cmocka_unit_test_setup(what_a_dead_instance_left_gives_way_to_the_next_one, clear),
		cmocka_unit_test_setup(a_full_table_refuses_and_only_the_owner_deletes, clear),
		cmocka_unit_test_setup(an_access_over_the_end_is_not_inside, clear),
		cmocka_unit_test_setup(lookup_agrees_with_a_flat_array, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
