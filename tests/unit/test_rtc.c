// sources: drivers/rtc.c lib/string.c
/* The calendar of the CMOS clock against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <cmocka.h>

#include "drivers/rtc.h"

static void agrees_with_the_c_library_for_every_day(void **state)
{
	for (time_t s = 0; s < 4102444800; s += 86399) {
		struct tm *tm = gmtime(&s);
		struct rtc_time t = { (unsigned)tm->tm_year + 1900, (unsigned)tm->tm_mon + 1,
				      (unsigned)tm->tm_mday,        (unsigned)tm->tm_hour,
				      (unsigned)tm->tm_min,         (unsigned)tm->tm_sec };

		assert_int_equal(rtc_to_seconds(&t), s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_c_library_for_every_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
