// sources: guests/service/json.c lib/string.c
/* The reader of requests: what it takes, what it refuses, and that it stays within its bytes. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/json.h"

static char *text;
static struct json_object o;

/* From a block of exactly that size, so that the sanitizer sees every step beyond. */
static const char *reads(const char *json)
{
	size_t bytes = strlen(json);

	free(text);
	text = malloc(bytes ? bytes : 1);
	memcpy(text, json, bytes);
	return json_read(&o, text, bytes);
}

static void a_request_is_read(void **state)
{
	assert_null(reads(" {\"verb\":\"restart\" , \"domain\" : \"linux1\",\"id\":-7,\"a\":true,"
			  "\"b\":false,\"c\":null}\r\n"));
	assert_int_equal(o.members, 6);
	assert_string_equal(json_find(&o, "verb")->string, "restart");
	assert_string_equal(json_find(&o, "domain")->string, "linux1");
	assert_int_equal(json_find(&o, "id")->number, -7);
	assert_int_equal(json_find(&o, "a")->kind, JSON_TRUE);
	assert_int_equal(json_find(&o, "b")->kind, JSON_FALSE);
	assert_int_equal(json_find(&o, "c")->kind, JSON_NULL);
	assert_null(json_find(&o, "d"));
	assert_null(reads("{}"));
	assert_int_equal(o.members, 0);
}

static void escapes_mean_their_characters(void **state)
{
	assert_null(
		reads("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"}"));
	assert_string_equal(o.member[0].string,
			    "\"\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_null(reads("{\"\\u0061\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}"));
	assert_string_equal(json_find(&o, "a")->string, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *json, *wrong;
		size_t at;
	} cases[] = {
		{ "", "an object begins with {", 0 },
		{ "[1]", "an object begins with {", 0 },
		{ "{", "a member begins with its name in quotes", 1 },
		{ "{\"a\"", "a colon follows a name", 4 },
		{ "{\"a\":", "no value", 5 },
		{ "{\"a\":1", "a comma or } follows a member", 6 },
		{ "{\"a\":1,}", "a member begins with its name in quotes", 7 },
		{ "{\"a\":1}x", "something follows the object", 7 },
		{ "{\"a\":{}}", "nothing may be nested", 5 },
		{ "{\"a\":[]}", "nothing may be nested", 5 },
		{ "{\"a\":1,\"a\":2}", "a name comes twice", 10 },
		{ "{\"a\":\"x", "a string is not ended", 7 },
		{ "{\"a\":\"x\\", "no such escape", 8 },
		{ "{\"a\":\"\\x\"}", "no such escape", 8 },
		{ "{\"a\":\"\n\"}", "a control character in a string", 6 },
		{ "{\"a\":\"\\u12\"}", "\\u has four hexadecimal digits", 10 },
		{ "{\"a\":\"\\ud800\"}", "half a pair of \\u", 12 },
		{ "{\"a\":\"\\udc00\"}", "half a pair of \\u", 12 },
		{ "{\"a\":\"\\ud800\\u0041\"}", "half a pair of \\u", 18 },
		{ "{\"a\":\"\\u0000\"}", "a string may not hold a zero", 12 },
		{ "{\"a\":01}", "a number begins with 0", 5 },
		{ "{\"a\":-}", "no value", 6 },
		{ "{\"a\":1.5}", "only whole numbers", 6 },
		{ "{\"a\":1e9}", "only whole numbers", 6 },
		{ "{\"a\":99999999999999999999}", "a number is too large", 20 },
		{ "{\"a\":tru}", "no value", 5 },
		{ "{\"a\":True}", "no value", 5 },
		{ "{'a':1}", "a member begins with its name in quotes", 1 },
		{ "{a:1}", "a member begins with its name in quotes", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *wrong = reads(cases[i].json);

		if (!wrong || strcmp(wrong, cases[i].wrong) || o.at != cases[i].at)
			fail_msg("%s: %s at %zu", cases[i].json, wrong ? wrong : "taken", o.at);
	}
}

static void what_is_not_utf_8_is_refused(void **state)
{
	static const char *const bad[] = {
		"\x80",         "\xc3",         "\xc0\x80",         "\xc1\xbf",
		"\xe0\x80\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xf4\x90\x80\x80",
		"\xff",         "\xe2\x82",     "\xf0\x80\x80\x80"
	};
	char json[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(json, sizeof(json), "{\"a\":\"%s\"}", bad[i]);
		assert_non_null(reads(json));
	}
}

static void members_are_bounded(void **state)
{
	assert_null(reads("{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1}"));
	assert_string_equal(
		reads("{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1}"),
		"too many members");
}

/* A good request cut short, and with each byte changed. */
static void hostile_bytes_are_read_within_their_bounds(void **state)
{
	static const char good[] =
		"{\"verb\":\"stop\",\"domain\":\"a\\u00e4\\ud83d\\ude00\xc3\xa4\","
		"\"id\":-12,\"x\":null}";
	char bad[sizeof(good)];

	for (size_t n = 0; n < sizeof(good) - 1; n++) {
		memcpy(bad, good, n);
		bad[n] = 0;
		assert_non_null(reads(bad));
		for (unsigned c = 1; c < 256; c++) {
			memcpy(bad, good, sizeof(good));
			bad[n] = (char)c;
			reads(bad);
			if (n + 1 < sizeof(good) - 1)
				bad[n + 1] = (char)(c * 7 | 1);
			reads(bad);
		}
	}
}

static int tidy(void **state)
{
	free(text);
	text = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read),
		cmocka_unit_test(escapes_mean_their_characters),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(what_is_not_utf_8_is_refused),
		cmocka_unit_test(members_are_bounded),
		cmocka_unit_test(hostile_bytes_are_read_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, tidy);
}
