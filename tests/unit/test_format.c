// sources: lib/format.c lib/string.c
/* Our printf against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "lib/format.h"

#define SAME(...)                                                                                  \
	do {                                                                                       \
		char ours[128], theirs[128];                                                       \
		size_t n = format(ours, sizeof(ours), __VA_ARGS__);                                \
		assert_int_equal(n, snprintf(theirs, sizeof(theirs), __VA_ARGS__));                \
		assert_string_equal(ours, theirs);                                                 \
	} while (0)

static void agrees_with_the_c_library(void **state)
{
	SAME("plain, 100%%");
	SAME("%d %i %u", -5, 7, 4000000000u);
	SAME("%ld %lu %zu", INT64_MIN, UINT64_MAX, (size_t)12);
	SAME("%lld %llx", -1ll, 0x123456789abcdefull);
	SAME("%x %X %#x", 0xbeefu, 0xbeefu, 0xbeefu);
	SAME("[%5d] [%-5d] [%05d] [%5s] [%-5s]", 42, 42, -42, "ab", "ab");
	SAME("%016lx %#010x", 0x1234ul, 0x12u);
	SAME("%c%c %3c|", 'a', 'b', 'c');
	SAME("%.*s|%.2s|%5.1s", 3, "abcdef", "xyz", "q1");
	SAME("%p", (void *)0x1000);
}

static void cuts_to_the_buffer_and_terminates(void **state)
{
	char buf[6] = "?????";

	assert_int_equal(format(buf, sizeof(buf), "%s", "abcdefgh"), 5);
	assert_string_equal(buf, "abcde");
	assert_int_equal(format(buf, 1, "abc"), 0);
	assert_string_equal(buf, "");
}

static void a_null_string_and_an_unknown_conversion_do_no_harm(void **state)
{
	char buf[32];
	const char *volatile none = NULL, *volatile odd = "%q%";

	format(buf, sizeof(buf), "%s", none);
	assert_string_equal(buf, "(null)");
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	format(buf, sizeof(buf), odd);
	assert_string_equal(buf, "q%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_c_library),
		cmocka_unit_test(cuts_to_the_buffer_and_terminates),
		cmocka_unit_test(a_null_string_and_an_unknown_conversion_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
