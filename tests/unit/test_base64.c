// sources: guests/service/base64.c lib/string.c
/* Base64 both ways, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/service/base64.h"

static void the_examples_of_rfc_4648_hold(void **state)
{
	static const char *const text[] = { "",         "Zg==",     "Zm8=",    "Zm9v",
					    "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	char out[9];
	uint8_t back[6];

	for (size_t n = 0; n <= 6; n++) {
		base64_encode(out, (const uint8_t *)"foobar", n);
		assert_string_equal(out, text[n]);
		assert_int_equal(strlen(out), BASE64_CHARS(n));
		assert_int_equal(base64_decode(back, sizeof(back), out), n);
		assert_memory_equal(back, "foobar", n);
	}
}

static void every_byte_comes_back(void **state)
{
	uint8_t in[256], back[256];
	char out[BASE64_CHARS(256) + 1];

	for (unsigned i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	for (size_t n = 0; n <= 256; n++) {
		base64_encode(out, in, n);
		assert_int_equal(base64_decode(back, n, out), n);
		assert_memory_equal(back, in, n);
	}
}

static void what_is_none_is_refused(void **state)
{
	static const char *const bad[] = { "Zg=",  "Z",    "Zg",       "Z===",
					   "====", "=g==", "Zm-v",     "Zm v",
					   "Zm\n", "Zm=v", "Zg==Zg==", "Zm9vYmFyZm9v" };
	uint8_t back[8];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(base64_decode(back, sizeof(back), bad[i]), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_rfc_4648_hold),
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
