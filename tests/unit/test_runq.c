// sources: vmm/runq.c
/*
 * The scheduler's pick: priority first, round robin inside a level, an unfinished slice first.
 */
#include "vmm/runq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct vcpu *make(struct vcpu *v, unsigned priority)
{
	*v = (struct vcpu){ .priority = priority, .quantum = 100 };
	list_init(&v->queue);
	return v;
}

static void an_empty_queue_gives_nobody(void **state)
{
	struct runq q;

	runq_init(&q);
	assert_null(runq_pick(&q));
}

static void the_highest_level_goes_first(void **state)
{
	struct vcpu a, b, c;
	struct runq q;

	runq_init(&q);
	runq_put(&q, make(&a, 0), false);
	runq_put(&q, make(&b, 7), false);
	runq_put(&q, make(&c, 3), false);
	assert_true(runq_has_higher(&q, 3));
	assert_false(runq_has_higher(&q, 7));
	assert_ptr_equal(runq_pick(&q), &b);
	assert_ptr_equal(runq_pick(&q), &c);
	assert_ptr_equal(runq_pick(&q), &a);
	assert_null(runq_pick(&q));
}

static void equals_take_turns(void **state)
{
	struct vcpu v[3], *got;
	struct runq q;

	runq_init(&q);
	for (int i = 0; i < 3; i++)
		runq_put(&q, make(&v[i], 4), false);
	for (int turn = 0; turn < 9; turn++) {
		got = runq_pick(&q);
		assert_ptr_equal(got, &v[turn % 3]);
		runq_put(&q, got, false);
	}
}

static void an_unfinished_slice_comes_first_and_is_kept(void **state)
{
	struct vcpu a, b;
	struct runq q;

	runq_init(&q);
	runq_put(&q, make(&a, 4), false);
	runq_put(&q, make(&b, 4), false);
	b.slice_left = 40;
	runq_remove(&q, &b);
	runq_put(&q, &b, true);
	assert_ptr_equal(runq_pick(&q), &b);
	assert_int_equal(b.slice_left, 40);
	assert_ptr_equal(runq_pick(&q), &a);
	assert_int_equal(a.slice_left, 100);
}

static void removing_the_last_of_a_level_clears_it(void **state)
{
	struct vcpu a;
	struct runq q;

	runq_init(&q);
	runq_put(&q, make(&a, 5), false);
	assert_true(runq_has_equal(&q, 5));
	runq_remove(&q, &a);
	assert_false(runq_has_equal(&q, 5));
	assert_null(runq_pick(&q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_queue_gives_nobody),
		cmocka_unit_test(the_highest_level_goes_first),
		cmocka_unit_test(equals_take_turns),
		cmocka_unit_test(an_unfinished_slice_comes_first_and_is_kept),
		cmocka_unit_test(removing_the_last_of_a_level_clears_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
