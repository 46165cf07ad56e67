// sources: lib/string.c
/* Memory and string primitives against plain loops and known checksums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/string.h"

static void copies_and_fills_every_length(void **state)
{
	for (size_t n = 0; n < 40; n++) {
		uint8_t src[48], dst[48] = { 0 };

		for (size_t i = 0; i < sizeof(src); i++)
			src[i] = (uint8_t)(i + 1);
		memcpy(dst + 3, src, n);
		for (size_t i = 0; i < 45; i++)
			assert_int_equal(dst[i], i >= 3 && i < n + 3 ? i - 2 : 0);
		memset(dst + 3, 0xa5, n);
		for (size_t i = 0; i < 45; i++)
			assert_int_equal(dst[i], i >= 3 && i < n + 3 ? 0xa5 : 0);
	}
}

static void moves_over_itself_both_ways(void **state)
{
	char up[] = "abcdefghij", down[] = "abcdefghij";

	memmove(up + 2, up, 8);
	assert_memory_equal(up, "ababcdefgh", 10);
	memmove(down, down + 2, 8);
	assert_memory_equal(down, "cdefghijij", 10);
}

static void compares_as_unsigned_bytes(void **state)
{
	assert_true(memcmp("\xff", "\x01", 1) > 0);
	assert_true(strcmp("a", "ab") < 0);
	assert_int_equal(strncmp("abc", "abd", 2), 0);
	assert_int_equal(strnlen("abc", 2), 2);
	assert_int_equal(strlen("abc"), 3);
}

static void copies_strings_cut_and_terminated(void **state)
{
	char buf[4];

	str_copy(buf, "abcdef", sizeof(buf));
	assert_string_equal(buf, "abc");
	str_copy(buf, "", sizeof(buf));
	assert_string_equal(buf, "");
}

static void crc32c_matches_the_published_values(void **state)
{
	uint8_t zeros[32] = { 0 };
	const char *text = "The quick brown fox jumps over the lazy dog, twice and then some.";

	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, zeros, 32), 0x8a9136aa);
	assert_int_equal(crc32c(crc32c(0, text, 40), text + 40, 25), crc32c(0, text, 65));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_and_fills_every_length),
		cmocka_unit_test(moves_over_itself_both_ways),
		cmocka_unit_test(compares_as_unsigned_bytes),
		cmocka_unit_test(copies_strings_cut_and_terminated),
		cmocka_unit_test(crc32c_matches_the_published_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
