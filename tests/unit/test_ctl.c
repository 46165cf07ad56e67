// sources: tools/bh/ctl.c tools/bh/values.c guests/service/json.c lib/string.c
// flags: -D_GNU_SOURCE
/* bh ctl: words become a request that the other side's reader takes; the link is the test's. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/json.h"
#include "tools/bh/ctl.h"
#include "tools/bh/ctl_link.h"

static const char *replies; /* one for each request, all lines; NULL: silence */
static char asked[2048];

void report(const char *fmt, ...)
{
}

bool ctl_connect(struct ctl_link *l, const char *where)
{
	return strcmp(where, "nowhere");
}

/* The second request of a call is the real one: the first asks whether anybody is there. */
bool ctl_send(struct ctl_link *l, const char *text)
{
	snprintf(asked, sizeof(asked), "%s", text);
	return true;
}

bool ctl_receive(struct ctl_link *l, int ms)
{
	char id[64] = "";
	const char *at = strstr(asked, "\"id\":\"");

	if (!replies)
		return false;
	if (at)
		sscanf(at, "\"id\":\"%63[^\"]", id);
	snprintf(l->line, sizeof(l->line), "{\"id\":\"%s\",%s", id, replies);
	return true;
}

static int run(char *first, char *second)
{
	char *argv[] = { "ctl", "somewhere", first, second, NULL };

	asked[0] = 0;
	return ctl(second ? 4 : 3, argv);
}

static void words_become_a_line(void **state)
{
	char out[128];

	assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ "stop", "a\"b\\", NULL }, true));
	assert_string_equal(out, "{\"id\":\"7\",\"line\":\"stop a\\\"b\\\\\"}\n");
	assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ "list", NULL }, false));
	assert_string_equal(out, "{\"id\":\"7\",\"form\":\"text\",\"line\":\"list\"}\n");
	assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ "{\"verb\":1}", NULL }, false));
	assert_string_equal(out, "{\"verb\":1}\n");
}

static void what_the_reader_would_refuse_is_not_sent(void **state)
{
	char out[128], longest[200];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	assert_false(ctl_request(out, sizeof(out), "7", (char *[]){ longest, NULL }, true));
	assert_false(ctl_request(out, sizeof(out), "7", (char *[]){ "a\nb", NULL }, true));
}

/* Whatever the words are, the request is one that the reader takes and reads as it was meant. */
static void every_word_arrives_as_it_is(void **state)
{
	char out[256], word[3] = "";
	struct json_object o;

	for (int c = ' '; c < 0x7f; c++) {
		word[0] = (char)c;
		word[1] = (char)(c ^ 1) >= ' ' ? (char)(c ^ 1) : 'x';
		if (word[1] == 0x7f || word[0] == '{')
			continue;
		assert_true(ctl_request(out, sizeof(out), "7", (char *[]){ word, NULL }, true));
		assert_null(json_read(&o, out, strlen(out)));
		assert_string_equal(json_find(&o, "line")->string, word);
	}
}

static void the_status_says_what_became_of_it(void **state)
{
	replies = "\"ok\":true,\"text\":\"\"}";
	assert_int_equal(run("list", NULL), CTL_OK);
	replies = "\"ok\":false,\"error\":\"no\"}";
	assert_int_equal(run("kill", "one"), CTL_REFUSED);
	replies = "\"ok\":true,\"domains\":[]}";
	assert_int_equal(run("--json", "list"), CTL_OK);
	replies = NULL;
	assert_int_equal(run("--timeout=1", "list"), CTL_NO_CONNECTION);
	assert_int_equal(ctl(2, (char *[]){ "ctl", "nowhere", NULL }), CTL_NO_CONNECTION);
	assert_int_equal(ctl(1, (char *[]){ "ctl", NULL }), CTL_NO_CONNECTION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_line),
		cmocka_unit_test(what_the_reader_would_refuse_is_not_sent),
		cmocka_unit_test(every_word_arrives_as_it_is),
		cmocka_unit_test(the_status_says_what_became_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
