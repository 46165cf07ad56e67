// sources: guests/service/inflight.c guests/service/kept_store.c
/* The in-flight record: what a restart finds after a death at each point of giving a head back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/inflight.h"

#define SIZE 16

static struct inflight record;
static struct inflight_replay replay;

static int setup(void **state)
{
	inflight_clear(&record);
	return 0;
}

static void heads_are_replayed_in_the_order_in_which_they_were_taken(void **state)
{
	inflight_take(&record, 9, 1);
	inflight_take(&record, 2, 2);
	inflight_take(&record, 5, 3);
	assert_true(inflight_recover(&record, SIZE, 0, &replay));
	assert_int_equal(replay.count, 3);
	assert_int_equal(replay.head[0], 9);
	assert_int_equal(replay.head[1], 2);
	assert_int_equal(replay.head[2], 5);
	assert_int_equal(replay.counter, 4);
}

static void a_head_whose_used_index_was_not_stored_is_replayed(void **state)
{
	inflight_take(&record, 3, 1);
	inflight_publish(&record, 3);
	assert_true(inflight_recover(&record, SIZE, 0, &replay));
	assert_int_equal(replay.count, 1);
}

static void a_head_whose_used_index_was_stored_is_not_replayed(void **state)
{
	inflight_take(&record, 3, 1);
	inflight_take(&record, 4, 2);
	inflight_publish(&record, 3);
	assert_true(inflight_recover(&record, SIZE, 1, &replay));
	assert_int_equal(replay.count, 1);
	assert_int_equal(replay.head[0], 4);
	assert_int_equal(record.used_idx, 1);
	assert_false(inflight_has(&record, 3));
}

static void the_used_index_wraps(void **state)
{
	record.used_idx = 0xffff;
	inflight_take(&record, 3, 70000);
	inflight_publish(&record, 3);
	assert_true(inflight_recover(&record, SIZE, 0, &replay));
	assert_int_equal(replay.count, 0);
	assert_int_equal(record.used_idx, 0);
}

static void a_used_index_that_moved_by_more_is_a_contradiction(void **state)
{
	assert_false(inflight_recover(&record, SIZE, 2, &replay));
	assert_false(inflight_recover(&record, SIZE, 0xffff, &replay));
}

static void a_scribbled_record_is_refused(void **state)
{
	inflight_take(&record, SIZE, 1);
	assert_false(inflight_recover(&record, SIZE, 0, &replay));
	inflight_clear(&record);
	inflight_take(&record, 1, 1ull << 50);
	assert_false(inflight_recover(&record, SIZE, 0, &replay));
	inflight_clear(&record);
	record.last_head = SIZE;
	assert_false(inflight_recover(&record, SIZE, 1, &replay));
	assert_false(inflight_recover(&record, INFLIGHT_HEADS + 1, 0, &replay));
}

static void deaths_do_not_change_the_order(void **state)
{
	inflight_take(&record, 1, 1);
	inflight_take(&record, 2, 2);
	inflight_set_deaths(&record, 1, 2);
	assert_true(inflight_recover(&record, SIZE, 0, &replay));
	assert_int_equal(replay.head[0], 1);
	assert_int_equal(inflight_deaths(&record, 1), 2);
	assert_int_equal(inflight_deaths(&record, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(heads_are_replayed_in_the_order_in_which_they_were_taken,
				       setup),
		cmocka_unit_test_setup(a_head_whose_used_index_was_not_stored_is_replayed, setup),
		cmocka_unit_test_setup(a_head_whose_used_index_was_stored_is_not_replayed, setup),
		cmocka_unit_test_setup(the_used_index_wraps, setup),
		cmocka_unit_test_setup(a_used_index_that_moved_by_more_is_a_contradiction, setup),
		cmocka_unit_test_setup(a_scribbled_record_is_refused, setup),
		cmocka_unit_test_setup(deaths_do_not_change_the_order, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
