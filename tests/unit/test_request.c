// sources: guests/service/request.c guests/service/verb.c guests/service/verb_help.c
// sources: guests/service/answer.c guests/service/json.c lib/format.c lib/string.c
/* A request's line and the line that answers it; both forms of an answer. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/request.h"

static struct reply *reply;

static void run_list(struct answer *a, const struct request *r, int detail)
{
	static const struct answer_column columns[] = { { "name", "NAME", -6, ANSWER_PLAIN },
							{ "memory", "MEMORY", 9, ANSWER_MIB },
							{ "words", "LAST", -4, ANSWER_PLAIN },
							{ 0 } };

	answer_table(a, "domains", columns);
	for (int i = 0; i < detail; i++) {
		answer_row(a);
		answer_text(a, i ? "a-long-name" : "one");
		answer_number(a, (i + 1ul) << 24);
		answer_text(a, "a \"b\"\n\xff");
	}
	answer_end(a);
}

static void run_fail(struct answer *a, const struct request *r, int detail)
{
	answer_note(a, "begun");
	answer_fail(a, "%s: \"no\"", r->domain);
	answer_fail(a, "a second one");
}

static void run_long(struct answer *a, const struct request *r, int detail)
{
	for (int i = 0; i < detail; i++)
		answer_note(a, "0123456789");
}

static const struct verb table[] = {
	{ "list", "", "look", "", NULL, run_list, 2 },
	{ "none", "", "look", "", NULL, run_list, 0 },
	{ "fail", "D", "look", "", NULL, run_fail, 0 },
	{ "long", "", "look", "", NULL, run_long, 100000 },
	{ 0 },
};

static const char *answered(const char *line)
{
	size_t bytes = strlen(line);
	char *copy = malloc(bytes);

	memcpy(copy, line, bytes);
	memset(reply, 0xa5, sizeof(*reply));
	request_begin(reply, table, copy, bytes);
	request_end(reply);
	assert_true(reply->start + reply->bytes < sizeof(reply->text));
	reply->text[reply->start + reply->bytes] = 0;
	free(copy);
	return reply->text + reply->start;
}

static void an_answer_has_the_id_of_its_request(void **state)
{
	assert_string_equal(answered("{\"verb\":\"none\",\"id\":7}"),
			    "{\"id\":7,\"ok\":true,\"domains\":[]}\n");
	assert_string_equal(answered("{\"verb\":\"none\",\"id\":\"a\\\"b\"}"),
			    "{\"id\":\"a\\\"b\",\"ok\":true,\"domains\":[]}\n");
	assert_string_equal(answered("{\"verb\":\"none\"}"),
			    "{\"id\":null,\"ok\":true,\"domains\":[]}\n");
	assert_string_equal(
		answered("{\"verb\":\"none\",\"id\":true}"),
		"{\"id\":null,\"ok\":false,\"error\":\"\\\"id\\\" is a number or a string "
		"of at most 48 bytes\"}\n");
}

static void a_table_is_an_array_of_objects(void **state)
{
	assert_string_equal(
		answered("{\"verb\":\"list\",\"id\":1}"),
		"{\"id\":1,\"ok\":true,\"domains\":[{\"name\":\"one\",\"memory\":16777216,"
		"\"words\":\"a \\\"b\\\"\\n\\u00ff\"},{\"name\":\"a-long-name\","
		"\"memory\":33554432,\"words\":\"a \\\"b\\\"\\n\\u00ff\"}]}\n");
}

static void the_text_form_is_what_the_shell_shows(void **state)
{
	assert_string_equal(answered("{\"line\":\"list\",\"form\":\"text\",\"id\":1}"),
			    "{\"id\":1,\"ok\":true,\"text\":\"NAME       MEMORY  LAST\\n"
			    "one        16 MiB  a \\\"b\\\"\\n\\u00ff\\n"
			    "a-long     32 MiB  a \\\"b\\\"\\n\\u00ff\\n\"}\n");
}

static void a_refusal_says_the_first_reason_alone(void **state)
{
	const char *want = "{\"id\":1,\"ok\":false,\"error\":\"one: \\\"no\\\"\"}\n";

	assert_string_equal(answered("{\"verb\":\"fail\",\"domain\":\"one\",\"id\":1}"), want);
	assert_string_equal(answered("{\"line\":\"fail one\",\"form\":\"text\",\"id\":1}"), want);
}

static void what_is_no_request_is_refused(void **state)
{
	assert_string_equal(
		answered("list"),
		"{\"id\":null,\"ok\":false,\"error\":\"byte 1: an object begins with {\"}\n");
	assert_string_equal(answered("{\"line\":1,\"id\":2}"),
			    "{\"id\":2,\"ok\":false,\"error\":\"\\\"line\\\" is a string\"}\n");
	assert_string_equal(answered("{\"line\":\"list\",\"domain\":\"x\",\"id\":2}"),
			    "{\"id\":2,\"ok\":false,\"error\":\"\\\"line\\\" goes without "
			    "\\\"domain\\\"\"}\n");
	assert_string_equal(
		answered("{\"verb\":\"list\",\"form\":\"xml\",\"id\":2}"),
		"{\"id\":2,\"ok\":false,\"error\":\"\\\"form\\\" is \\\"text\\\" or is left "
		"out\"}\n");
}

static void an_answer_that_does_not_fit_is_refused(void **state)
{
	static const char *const lines[] = { "{\"verb\":\"long\"}",
					     "{\"line\":\"long\",\"form\":\"text\"}" };

	for (int i = 0; i < 2; i++)
		assert_string_equal(answered(lines[i]), "{\"id\":null,\"ok\":false,\"error\":\"the "
							"answer is too long for one line\"}\n");
}

static void an_event_is_an_object_of_its_own(void **state)
{
	request_event(reply, "state");
	answer_field(&reply->answer, "domain", "one", 3);
	answer_field_number(&reply->answer, "incarnation", 2, ANSWER_PLAIN);
	request_end(reply);
	reply->text[reply->start + reply->bytes] = 0;
	assert_string_equal(reply->text + reply->start,
			    "{\"event\":\"state\",\"domain\":\"one\",\"incarnation\":2}\n");
}

/* Good requests with each byte changed: an answer comes, it is one line and ends as an object. */
static void hostile_lines_get_one_line_each(void **state)
{
	static const char *const good[] = {
		"{\"verb\":\"fail\",\"domain\":\"one\",\"id\":\"x\"}",
		"{\"line\":\"list\",\"form\":\"text\",\"id\":12}",
	};
	char bad[64];

	for (int g = 0; g < 2; g++) {
		for (size_t n = 0; n < strlen(good[g]); n++) {
			for (int c = 1; c < 256; c++) {
				strcpy(bad, good[g]);
				bad[n] = (char)c;
				const char *line = answered(bad);

				assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
				assert_int_equal(line[strlen(line) - 2], '}');
				assert_int_equal(strncmp(line, "{\"id\":", 6), 0);
			}
		}
	}
}

static int make(void **state)
{
	reply = malloc(sizeof(*reply));
	return 0;
}

static int tidy(void **state)
{
	free(reply);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_the_id_of_its_request),
		cmocka_unit_test(a_table_is_an_array_of_objects),
		cmocka_unit_test(the_text_form_is_what_the_shell_shows),
		cmocka_unit_test(a_refusal_says_the_first_reason_alone),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(an_answer_that_does_not_fit_is_refused),
		cmocka_unit_test(an_event_is_an_object_of_its_own),
		cmocka_unit_test(hostile_lines_get_one_line_each),
	};

	return cmocka_run_group_tests(tests, make, tidy);
}
