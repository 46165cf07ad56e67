// sources: guests/lib/timer.c guests/lib/time.c
/* Timers of our guests: order, cancelling, and that a timer set again does not hold up the rest. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/lib/boot.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"

static struct hv_boot page = { .tsc_khz = 2500000 };
struct hv_boot *boot = &page;

static char order[16];
static struct timer a, b, c, again;
static int rounds;

static void note(void *arg)
{
	strcat(order, arg);
}

static void set_again(void *arg)
{
	rounds++;
	if (rounds < 3)
		timer_set(&again, TIMER_NEVER - 2, set_again, NULL);
}

static void timers_run_in_the_order_of_their_deadlines(void **state)
{
	timer_set(&b, 2, note, "b");
	timer_set(&c, 3, note, "c");
	timer_set(&a, 1, note, "a");
	assert_int_equal(timer_run(), TIMER_NEVER);
	assert_string_equal(order, "abc");
}

static void a_later_deadline_is_returned_and_not_run(void **state)
{
	order[0] = 0;
	timer_set(&a, TIMER_NEVER - 1, note, "a");
	assert_int_equal(timer_run(), TIMER_NEVER - 1);
	assert_string_equal(order, "");
	timer_cancel(&a);
	timer_cancel(&a);
	assert_int_equal(timer_run(), TIMER_NEVER);
}

static void setting_moves_a_timer(void **state)
{
	order[0] = 0;
	timer_set(&a, TIMER_NEVER - 1, note, "a");
	timer_set(&a, 1, note, "A");
	assert_int_equal(timer_run(), TIMER_NEVER);
	assert_string_equal(order, "A");
}

static void a_handler_may_set_its_timer_again(void **state)
{
	timer_set(&again, 1, set_again, NULL);
	assert_int_equal(timer_run(), TIMER_NEVER - 2);
	assert_int_equal(rounds, 1);
	timer_cancel(&again);
}

static void ticks_and_nanoseconds_convert_without_overflow(void **state)
{
	assert_int_equal(tsc_to_ns(2500), 1000);
	assert_int_equal(ns_to_tsc(NS_PER_SEC), 2500000000ul);
	assert_int_equal(tsc_to_ns(2500000000ul * 86400 * 365), NS_PER_SEC * 86400 * 365);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_run_in_the_order_of_their_deadlines),
		cmocka_unit_test(a_later_deadline_is_returned_and_not_run),
		cmocka_unit_test(setting_moves_a_timer),
		cmocka_unit_test(a_handler_may_set_its_timer_again),
		cmocka_unit_test(ticks_and_nanoseconds_convert_without_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
