// sources: guests/service/legacy/pit.c
/* The interval timer, clock by clock against Intel's data sheet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/legacy/clock.h"
#include "guests/service/legacy/pit.h"
#include "lib/bits.h"

#define T0 1000000ull /* where a test's clock begins */

static struct pit pit;

static int setup(void **state)
{
	pit_power_on(&pit);
	pit_account(&pit, T0);
	return 0;
}

/* Control word for both bytes, then the count. */
static void start(unsigned channel, unsigned mode, unsigned count, uint64_t now)
{
	pit_write(&pit, 3, (uint8_t)(channel << 6 | 0x30 | mode << 1), now);
	pit_write(&pit, channel, (uint8_t)count, now);
	pit_write(&pit, channel, (uint8_t)(count >> 8), now);
}

static unsigned read_both(unsigned channel, uint64_t now)
{
	unsigned low = pit_read(&pit, channel, now);

	return low | (unsigned)pit_read(&pit, channel, now) << 8;
}

static unsigned latched(unsigned channel, uint64_t now)
{
	pit_write(&pit, 3, (uint8_t)(channel << 6), now);
	return read_both(channel, now);
}

static uint32_t ticks_until(uint64_t now)
{
	pit_account(&pit, now);
	return pit.owed;
}

static void mode_0_counts_down_once_and_raises_its_output_at_the_end(void **state)
{
	start(0, 0, 1000, T0);
	assert_false(pit_output(&pit, 0, T0 + 999));
	assert_true(pit_output(&pit, 0, T0 + 1000));
	assert_int_equal(latched(0, T0 + 400), 600);
	assert_int_equal(latched(0, T0 + 1001), 0xffff);
	assert_int_equal(pit_next(&pit), CLOCK_NEVER);
}

static void mode_0_ticks_once_for_each_count(void **state)
{
	start(0, 0, 1000, T0);
	assert_int_equal(pit_next(&pit), T0 + 1000);
	assert_int_equal(ticks_until(T0 + 999), 0);
	assert_int_equal(ticks_until(T0 + 1000), 1);
	assert_int_equal(ticks_until(T0 + 90000), 1);
	pit_write(&pit, 0, 100, T0 + 100000);
	assert_false(pit_output(&pit, 0, T0 + 100000)); /* the first byte stops it */
	pit_write(&pit, 0, 0, T0 + 100000);
	assert_int_equal(ticks_until(T0 + 100100), 2);
}

static void mode_2_divides_and_is_low_for_one_clock(void **state)
{
	start(0, 2, 100, T0);
	for (unsigned period = 0; period < 3; period++) {
		assert_int_equal(latched(0, T0 + period * 100), 100);
		assert_int_equal(latched(0, T0 + period * 100 + 99), 1);
		assert_true(pit_output(&pit, 0, T0 + period * 100 + 98));
		assert_false(pit_output(&pit, 0, T0 + period * 100 + 99));
	}
	assert_int_equal(ticks_until(T0 + 299), 2);
	assert_int_equal(pit_next(&pit), T0 + 300);
	assert_int_equal(ticks_until(T0 + 300), 3);
	assert_int_equal(pit_next(&pit), T0 + 400);
}

static void mode_3_is_high_for_half_and_counts_by_twos(void **state)
{
	start(0, 3, 100, T0);
	assert_true(pit_output(&pit, 0, T0 + 49));
	assert_false(pit_output(&pit, 0, T0 + 50));
	assert_int_equal(latched(0, T0), 100);
	assert_int_equal(latched(0, T0 + 10), 80);
	assert_int_equal(latched(0, T0 + 60), 80);
	start(0, 3, 5, T0 + 100);
	assert_true(pit_output(&pit, 0, T0 + 102));
	assert_false(pit_output(&pit, 0, T0 + 103));
	for (unsigned i = 0; i < 15; i++)
		assert_in_range(latched(0, T0 + 100 + i), 2, 4);
	assert_int_equal(ticks_until(T0 + 114), 2);
}

static void mode_4_strobes_once(void **state)
{
	start(0, 4, 100, T0);
	assert_true(pit_output(&pit, 0, T0 + 99));
	assert_false(pit_output(&pit, 0, T0 + 100));
	assert_true(pit_output(&pit, 0, T0 + 101));
	assert_int_equal(ticks_until(T0 + 100), 0);
	assert_int_equal(ticks_until(T0 + 101), 1);
	assert_int_equal(ticks_until(T0 + 100000), 1);
}

static void modes_1_and_5_begin_when_the_gate_rises(void **state)
{
	start(2, 1, 100, T0);
	assert_true(pit_output(&pit, 2, T0 + 500));
	pit_gate(&pit, 2, true, T0 + 1000);
	assert_false(pit_output(&pit, 2, T0 + 1099));
	assert_true(pit_output(&pit, 2, T0 + 1100));
	start(2, 5, 100, T0 + 2000);
	pit_gate(&pit, 2, false, T0 + 2000);
	pit_gate(&pit, 2, true, T0 + 3000);
	assert_true(pit_output(&pit, 2, T0 + 3099));
	assert_false(pit_output(&pit, 2, T0 + 3100));
}

static void the_gate_stops_channel_2(void **state)
{
	start(2, 0, 1000, T0);
	assert_int_equal(latched(2, T0 + 500), 1000);
	pit_gate(&pit, 2, true, T0 + 500);
	assert_int_equal(latched(2, T0 + 600), 900);
	pit_gate(&pit, 2, false, T0 + 700);
	assert_int_equal(latched(2, T0 + 5000), 800);
	pit_gate(&pit, 2, true, T0 + 5000);
	assert_false(pit_output(&pit, 2, T0 + 5799));
	assert_true(pit_output(&pit, 2, T0 + 5800));
	start(2, 3, 100, T0 + 6000);
	pit_gate(&pit, 2, false, T0 + 6080);
	assert_true(pit_output(&pit, 2, T0 + 6080));
	pit_gate(&pit, 2, true, T0 + 7000);
	assert_int_equal(latched(2, T0 + 7000), 100);
}

static void zero_is_65536_and_10000_in_bcd(void **state)
{
	start(0, 2, 0, T0);
	assert_int_equal(pit_next(&pit), T0 + 65536);
	assert_int_equal(latched(0, T0 + 1), 65535);
	pit_write(&pit, 3, 0x35, T0);
	pit_write(&pit, 0, 0, T0);
	pit_write(&pit, 0, 0, T0);
	assert_int_equal(pit_next(&pit), T0 + 10000);
	assert_int_equal(latched(0, T0 + 1), 0x9999);
	assert_int_equal(latched(0, T0 + 10000 - 25), 0x25);
}

static void one_byte_may_be_enough(void **state)
{
	pit_write(&pit, 3, 0x14, T0); /* low byte, mode 2 */
	pit_write(&pit, 0, 200, T0);
	assert_int_equal(pit_next(&pit), T0 + 200);
	assert_int_equal(pit_read(&pit, 0, T0 + 50), 150);
	assert_int_equal(pit_read(&pit, 0, T0 + 51), 149);
	pit_write(&pit, 3, 0x24, T0); /* high byte */
	pit_write(&pit, 0, 2, T0);
	assert_int_equal(pit_next(&pit), T0 + 512);
	assert_int_equal(pit_read(&pit, 0, T0 + 1), 1);
}

static void a_latch_holds_until_both_bytes_are_read(void **state)
{
	start(0, 2, 0x1000, T0);
	pit_write(&pit, 3, 0, T0 + 0x10);
	pit_write(&pit, 3, 0, T0 + 0x300); /* the second latch is ignored */
	assert_int_equal(read_both(0, T0 + 0x400), 0xff0);
	assert_int_equal(read_both(0, T0 + 0x400), 0xc00);
}

static void read_back_gives_status_then_count(void **state)
{
	start(0, 2, 0x1000, T0);
	start(2, 0, 0x2000, T0);
	pit_write(&pit, 3, 0xca, T0 + 0x10); /* both, of channels 0 and 2 */
	assert_int_equal(pit_read(&pit, 0, T0 + 0x20), 0x80 | 0x34);
	assert_int_equal(read_both(0, T0 + 0x20), 0xff0);
	assert_int_equal(pit_read(&pit, 2, T0 + 0x20), 0x30);
	assert_int_equal(read_both(2, T0 + 0x20), 0x2000);
	pit_write(&pit, 3, 0x36, T0 + 0x30);
	pit_write(&pit, 3, 0xe2, T0 + 0x30);                         /* status only */
	assert_int_equal(pit_read(&pit, 0, T0 + 0x30), 0xc0 | 0x36); /* null count */
}

static void a_new_count_waits_for_the_end_of_the_period(void **state)
{
	start(0, 2, 1000, T0);
	pit_write(&pit, 0, 100, T0 + 2500);
	pit_write(&pit, 0, 0, T0 + 2500);
	assert_int_equal(pit.owed, 2);
	assert_int_equal(pit_next(&pit), T0 + 3000);
	assert_int_equal(latched(0, T0 + 2999), 1);
	assert_int_equal(latched(0, T0 + 3000), 100);
	assert_int_equal(pit.owed, 3);
	assert_int_equal(ticks_until(T0 + 3200), 5);
	assert_int_equal(pit_period(&pit), clock_ns(100, PIT_HZ));
}

static void no_tick_is_lost_however_seldom_it_is_looked_at(void **state)
{
	uint64_t at = T0, raised = 0;

	start(0, 2, PIT_HZ / 1000, T0);
	for (unsigned i = 1; i < 1000; i++) {
		at += (i * 7919) % 200000;
		pit_account(&pit, at);
		raised += pit.owed;
		pit.owed = 0;
	}
	assert_int_equal(raised, (at - T0) / (PIT_HZ / 1000));
}

static void what_is_owed_has_an_end_and_a_new_mode_forgets_it(void **state)
{
	start(0, 2, 100, T0);
	assert_int_equal(ticks_until(T0 + 100000000), PIT_OWED);
	start(0, 2, 100, T0 + 100000000);
	assert_int_equal(pit.owed, 0);
	assert_int_equal(pit_read(&pit, 3, T0), 0xff);
}

static void conversions_agree_both_ways(void **state)
{
	static const uint64_t rates[] = { 2, 1024, 8192, PIT_HZ, 3579545 };

	for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
		for (uint64_t ticks = 1; ticks < rates[i] << 32; ticks = ticks * 3 + 1) {
			uint64_t ns = clock_ns(ticks, rates[i]);

			assert_int_equal(clock_ticks(ns, rates[i]), ticks);
			assert_int_equal(clock_ticks(ns - 1, rates[i]), ticks - 1);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mode_0_counts_down_once_and_raises_its_output_at_the_end),
		TEST(mode_0_ticks_once_for_each_count),
		TEST(mode_2_divides_and_is_low_for_one_clock),
		TEST(mode_3_is_high_for_half_and_counts_by_twos),
		TEST(mode_4_strobes_once),
		TEST(modes_1_and_5_begin_when_the_gate_rises),
		TEST(the_gate_stops_channel_2),
		TEST(zero_is_65536_and_10000_in_bcd),
		TEST(one_byte_may_be_enough),
		TEST(a_latch_holds_until_both_bytes_are_read),
		TEST(read_back_gives_status_then_count),
		TEST(a_new_count_waits_for_the_end_of_the_period),
		TEST(no_tick_is_lost_however_seldom_it_is_looked_at),
		TEST(what_is_owed_has_an_end_and_a_new_mode_forgets_it),
		TEST(conversions_agree_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
