// sources: guests/service/legacy/rtc.c guests/service/legacy/calendar.c lib/string.c
/* The CMOS clock that guests see: dates, formats, update cycle, flags and interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/legacy/calendar.h"
#include "guests/service/legacy/clock.h"
#include "guests/service/legacy/rtc.h"
#include "lib/bits.h"

#define MS   1000000ull
#define NOW  (5000 * MS)
/* 2026-11-22 13:45:50 UTC, a Sunday, and half a second. */
#define WALL (1795355150ull * CLOCK_SECOND + 500 * MS)

static struct rtc rtc;
static const struct rtc_machine machine = { 256 << 20, 2ull << 30, 4 };

static int setup(void **state)
{
	rtc_power_on(&rtc, &machine, WALL, NOW);
	return 0;
}

static uint8_t get(unsigned reg, uint64_t now)
{
	rtc_write(&rtc, 0, (uint8_t)reg, now);
	return rtc_read(&rtc, 1, now);
}

static void put(unsigned reg, unsigned value, uint64_t now)
{
	rtc_write(&rtc, 0, (uint8_t)reg, now);
	rtc_write(&rtc, 1, (uint8_t)value, now);
}

/* When the line rises, in milliseconds from NOW. */
static uint64_t rises_at(uint64_t now)
{
	rtc_account(&rtc, now);
	return (rtc_next(&rtc) - NOW) / MS;
}

static void the_calendar_is_the_gregorian_one(void **state)
{
	struct calendar c;

	for (uint64_t day = 0; day < 140000; day++) {
		uint64_t second = day * CALENDAR_DAY + day % CALENDAR_DAY;

		calendar_from(&c, second);
		assert_in_range(c.month, 1, 12);
		assert_in_range(c.day, 1, 31);
		assert_int_equal(calendar_seconds(&c), second);
		assert_int_equal(c.weekday, (day + 4) % 7);
	}
	calendar_from(&c, 951782400); /* date -u -d 2000-02-29 +%s */
	assert_int_equal(c.year * 10000 + c.month * 100 + c.day, 20000229);
}

static void the_time_is_shown_in_bcd_and_24_hours(void **state)
{
	static const uint8_t shown[][2] = { { 0, 0x50 }, { 2, 0x45 }, { 4, 0x13 },    { 6, 1 },
					    { 7, 0x22 }, { 8, 0x11 }, { 0x32, 0x20 }, { 9, 0x26 } };

	for (unsigned i = 0; i < ARRAY_SIZE(shown); i++)
		assert_int_equal(get(shown[i][0], NOW), shown[i][1]);
	assert_int_equal(get(0, NOW + 499 * MS), 0x50);
	assert_int_equal(get(0, NOW + 500 * MS), 0x51);
	assert_int_equal(get(0, NOW + 10500 * MS), 0x01);
	assert_int_equal(get(2, NOW + 10500 * MS), 0x46);
}

static void or_in_binary_and_12_hours(void **state)
{
	put(0xb, 0x04, NOW);
	assert_int_equal(get(0, NOW), 50);
	assert_int_equal(get(4, NOW), 0x81);
	put(0xb, 0, NOW);
	assert_int_equal(get(4, NOW), 0x81);
	assert_int_equal(get(4, NOW + 11ull * 3600 * CLOCK_SECOND), 0x12); /* after midnight */
	assert_int_equal(get(4, NOW + 23ull * 3600 * CLOCK_SECOND), 0x92); /* noon */
	assert_int_equal(get(4, NOW + 22ull * 3600 * CLOCK_SECOND), 0x11);
}

static void it_is_set_while_it_stands_still(void **state)
{
	put(0xb, 0x82, NOW);
	put(0, 0x30, NOW + 100 * MS);
	put(2, 0x59, NOW + 2000 * MS);
	put(4, 0x23, NOW + 3000 * MS);
	put(7, 0x28, NOW + 3000 * MS);
	put(8, 0x02, NOW + 3000 * MS);
	put(9, 0x24, NOW + 3000 * MS);
	assert_int_equal(get(0, NOW + 9000 * MS), 0x30);
	put(0xb, 0x02, NOW + 10000 * MS);
	assert_int_equal(get(0, NOW + 10000 * MS), 0x30);
	assert_int_equal(get(7, NOW + 40500 * MS), 0x29);
	assert_int_equal(get(8, NOW + 40500 * MS), 0x02);
	assert_int_equal(get(0, NOW + 40500 * MS), 0x01);
	put(4, 0x12, NOW + 41000 * MS); /* and a field alone */
	assert_int_equal(get(4, NOW + 41000 * MS), 0x12);
	assert_int_equal(get(7, NOW + 41000 * MS), 0x29);
}

static void the_update_shows_two_milliseconds_before(void **state)
{
	assert_int_equal(get(0xa, NOW), 0x26);
	assert_int_equal(get(0xa, NOW + 497 * MS), 0x26);
	assert_int_equal(get(0xa, NOW + 498 * MS), 0xa6);
	assert_int_equal(get(0xa, NOW + 500 * MS), 0x26);
	put(0xb, 0x82, NOW);
	assert_int_equal(get(0xa, NOW + 1498 * MS), 0x26);
}

static void flags_come_without_interrupts_and_go_by_being_read(void **state)
{
	get(0xc, NOW);
	assert_int_equal(get(0xc, NOW), 0);
	assert_int_equal(get(0xc, NOW + 1 * MS), 0x40); /* 1024 Hz */
	put(0xa, 0x20, NOW + 2 * MS);
	get(0xc, NOW + 2 * MS);
	assert_int_equal(get(0xc, NOW + 499 * MS), 0);
	assert_int_equal(get(0xc, NOW + 501 * MS), 0x10);
	assert_int_equal(get(0xc, NOW + 1499 * MS), 0);
	assert_int_equal(get(0xc, NOW + 9499 * MS), 0x10);
	rtc_account(&rtc, NOW + 10499 * MS);
	assert_false(rtc_line(&rtc));
	assert_int_equal(rtc_next(&rtc), CLOCK_NEVER);
}

static void the_update_interrupt_comes_each_second(void **state)
{
	put(0xa, 0x20, NOW);
	put(0xb, 0x12, NOW);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t at = 500 + i * 1000;

		assert_int_equal(rises_at(NOW + (at - 400) * MS), at);
		rtc_account(&rtc, NOW + at * MS - 1);
		assert_false(rtc_line(&rtc));
		rtc_account(&rtc, NOW + at * MS);
		assert_true(rtc_line(&rtc));
		assert_int_equal(rtc_next(&rtc), CLOCK_NEVER);
		assert_int_equal(get(0xc, NOW + (at + 1) * MS), 0x90);
		assert_false(rtc_line(&rtc));
	}
}

static void the_periodic_interrupt_has_its_rate(void **state)
{
	static const struct {
		unsigned select, hz;
	} rates[] = { { 1, 256 }, { 2, 128 }, { 3, 8192 }, { 6, 1024 }, { 10, 64 }, { 15, 2 } };

	for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
		uint64_t now = NOW;
		unsigned n = 0;

		setup(state);
		put(0xa, 0x20 | rates[i].select, now);
		put(0xb, 0x42, now);
		get(0xc, now);
		for (; (now = rtc_next(&rtc)) <= NOW + CLOCK_SECOND; n++) {
			rtc_account(&rtc, now);
			assert_true(rtc_line(&rtc));
			assert_int_equal(get(0xc, now) & 0xc0, 0xc0);
		}
		assert_int_equal(n, rates[i].hz);
	}
}

static void the_alarm_goes_off_at_its_time_or_at_any(void **state)
{
	put(0xa, 0x20, NOW);
	put(1, 0x00, NOW);
	put(3, 0x47, NOW);
	put(5, 0x13, NOW);
	put(0xb, 0x22, NOW);
	assert_int_equal(rises_at(NOW), 69500);
	rtc_account(&rtc, NOW + 69000 * MS);
	assert_false(rtc_line(&rtc));
	rtc_account(&rtc, NOW + 69500 * MS);
	assert_true(rtc_line(&rtc));
	assert_int_equal(get(0xc, NOW + 69600 * MS), 0xb0);
	put(1, 0xc0, NOW + 69600 * MS);
	put(3, 0xff, NOW + 69600 * MS);
	put(5, 0xff, NOW + 69600 * MS);
	assert_int_equal(rises_at(NOW + 69600 * MS), 70500);
	put(1, 0x99, NOW + 69600 * MS);
	rtc_account(&rtc, NOW + 69700 * MS);
	assert_int_equal(rtc_next(&rtc), CLOCK_NEVER);
}

static void a_divider_in_reset_stops_it(void **state)
{
	put(0xa, 0x70, NOW);
	get(0xc, NOW);
	assert_int_equal(get(0, NOW + 5000 * MS), 0x50);
	assert_int_equal(get(0xc, NOW + 5000 * MS), 0);
	put(0xa, 0x26, NOW + 5000 * MS);
	assert_int_equal(get(0, NOW + 6000 * MS), 0x51);
}

static void memory_has_the_sizes_and_keeps_what_is_written(void **state)
{
	static const uint8_t bytes[][2] = {
		{ 0x15, 0x80 }, { 0x16, 0x02 }, { 0x17, 0xff }, { 0x18, 0xff }, { 0x30, 0xff },
		{ 0x31, 0xff }, { 0x34, 0x00 }, { 0x35, 0x0f }, { 0x5b, 0x00 }, { 0x5c, 0x80 },
		{ 0x5d, 0x00 }, { 0x5f, 3 },    { 0x0d, 0x80 }, { 0x0f, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bytes); i++)
		assert_int_equal(get(bytes[i][0], NOW), bytes[i][1]);
	put(0x0f, 0x0a, NOW);
	put(0x80 | 0x40, 0x5a, NOW); /* bit 7 is the NMI's mask */
	assert_int_equal(get(0x0f, NOW), 0x0a);
	assert_int_equal(get(0x40, NOW), 0x5a);
	put(0x0d, 0, NOW);
	put(0x0c, 0xff, NOW);
	assert_int_equal(get(0x0d, NOW), 0x80);
}

static void no_content_is_dangerous(void **state)
{
	for (unsigned seed = 0; seed < 64; seed++) {
		for (unsigned i = 0; i < sizeof(rtc); i++)
			((uint8_t *)&rtc)[i] = (uint8_t)(seed * 151 + i * 89 + (i * seed >> 3));
		for (unsigned i = 0; i < 256; i++) {
			get(i, NOW + i * MS);
			put(i, seed + i, NOW + i * MS);
			rtc_next(&rtc);
			rtc_read(&rtc, 1, NOW);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_calendar_is_the_gregorian_one),
		TEST(the_time_is_shown_in_bcd_and_24_hours),
		TEST(or_in_binary_and_12_hours),
		TEST(it_is_set_while_it_stands_still),
		TEST(the_update_shows_two_milliseconds_before),
		TEST(flags_come_without_interrupts_and_go_by_being_read),
		TEST(the_update_interrupt_comes_each_second),
		TEST(the_periodic_interrupt_has_its_rate),
		TEST(the_alarm_goes_off_at_its_time_or_at_any),
		TEST(a_divider_in_reset_stops_it),
		TEST(memory_has_the_sizes_and_keeps_what_is_written),
		TEST(no_content_is_dangerous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
