// sources: guests/service/i6300esb.c
/* The watchdog's registers as Linux' i6300esb driver and a careless guest write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/i6300esb.h"

#define RELOAD 0xcu

static struct i6300esb dog;

static void unlock(void)
{
	assert_false(i6300esb_write(&dog, RELOAD, 0x80));
	assert_false(i6300esb_write(&dog, RELOAD, 0x86));
}

static int setup(void **state)
{
	i6300esb_reset(&dog);
	return 0;
}

/* The driver's heartbeat of n seconds is n << 9 in each of the two timers. */
static void set_seconds(uint32_t n)
{
	unlock();
	assert_false(i6300esb_write(&dog, 0, n << 9));
	unlock();
	assert_false(i6300esb_write(&dog, 4, n << 9));
}

static void test_a_watchdog_is_off_until_it_is_enabled(void **state)
{
	assert_int_equal(i6300esb_ms(&dog), 0);
	set_seconds(30);
	assert_int_equal(i6300esb_ms(&dog), 0);
	assert_true(i6300esb_word_write(&dog, I6300ESB_LOCK, 2));
	assert_in_range(i6300esb_ms(&dog), 30000, 31000);
	assert_true(i6300esb_word_write(&dog, I6300ESB_LOCK, 0));
	assert_int_equal(i6300esb_ms(&dog), 0);
}

static void test_a_reload_begins_the_time_anew_only_when_unlocked(void **state)
{
	i6300esb_word_write(&dog, I6300ESB_LOCK, 2);
	assert_false(i6300esb_write(&dog, RELOAD, 0x100));
	unlock();
	assert_true(i6300esb_write(&dog, RELOAD, 0x100));
	assert_false(i6300esb_write(&dog, RELOAD, 0x100));
}

static void test_a_preload_needs_the_whole_sequence(void **state)
{
	assert_false(i6300esb_write(&dog, RELOAD, 0x86));
	i6300esb_write(&dog, 0, 5);
	assert_int_equal(i6300esb_read(&dog, 0), 0xfffff);
	i6300esb_write(&dog, RELOAD, 0x80);
	i6300esb_write(&dog, 0, 5);
	assert_int_equal(i6300esb_read(&dog, 0), 0xfffff);
	unlock();
	i6300esb_write(&dog, 0, 0xff00005);
	assert_int_equal(i6300esb_read(&dog, 0), 5);
}

/* A new instance of the service domain does the guest's last access again. */
static void test_every_write_may_be_done_twice(void **state)
{
	i6300esb_word_write(&dog, I6300ESB_LOCK, 2);
	i6300esb_write(&dog, RELOAD, 0x80);
	unlock();
	i6300esb_write(&dog, RELOAD, 0x86);
	i6300esb_write(&dog, 4, 77);
	i6300esb_write(&dog, 4, 77);
	assert_int_equal(i6300esb_read(&dog, 4), 77);
}

static void test_a_locked_watchdog_stays_on(void **state)
{
	i6300esb_word_write(&dog, I6300ESB_LOCK, 3);
	assert_false(i6300esb_word_write(&dog, I6300ESB_LOCK, 0));
	assert_int_equal(i6300esb_word(&dog, I6300ESB_LOCK), 3);
	assert_true(i6300esb_ms(&dog));
}

static void test_the_fast_clock_and_no_reset_are_obeyed(void **state)
{
	i6300esb_word_write(&dog, I6300ESB_LOCK, 2);
	assert_true(i6300esb_word_write(&dog, I6300ESB_CONFIG, 0x4));
	assert_in_range(i6300esb_ms(&dog), 1000, 3000);
	assert_true(i6300esb_word_write(&dog, I6300ESB_CONFIG, 0x20));
	assert_int_equal(i6300esb_ms(&dog), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_watchdog_is_off_until_it_is_enabled, setup),
		cmocka_unit_test_setup(test_a_reload_begins_the_time_anew_only_when_unlocked,
				       setup),
		cmocka_unit_test_setup(test_a_preload_needs_the_whole_sequence, setup),
		cmocka_unit_test_setup(test_every_write_may_be_done_twice, setup),
		cmocka_unit_test_setup(test_a_locked_watchdog_stays_on, setup),
		cmocka_unit_test_setup(test_the_fast_clock_and_no_reset_are_obeyed, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
