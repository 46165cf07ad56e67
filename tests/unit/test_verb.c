// sources: guests/service/verb.c guests/service/verb_help.c guests/service/answer.c
// sources: guests/service/json.c lib/format.c lib/string.c
/* Verbs: which one a request means, with what arguments, as typed and as JSON; help. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/verb.h"

static char shown[4096], did[256];
static struct answer answer;

static void run_any(struct answer *a, const struct request *r, int detail)
{
	snprintf(did, sizeof(did), "%d %s %s %ld %s %ld", detail, r->domain ? r->domain : "-",
		 r->what ? r->what : "-", (long)r->seconds, r->input ? r->input : "-",
		 (long)r->from);
}

static const struct verb table[] = {
	{ "list", "", "look", "shows domains", NULL, run_any, 1 },
	{ "stats", "d", "look", "counters", NULL, run_any, 2 },
	{ "stop", "Ds", "domains", "stops one", "stop linux1 5", run_any, 3 },
	{ "console", "Dif", "look", "its text", NULL, run_any, 4 },
	{ "trace", "w", "look", "events", NULL, run_any, 5 },
	{ "crash", "D", NULL, NULL, NULL, run_any, 6 },
	{ 0 },
};

static void write(void *arg, const char *text, size_t bytes)
{
	strncat(shown, text, bytes);
}

static void begin(bool json)
{
	shown[0] = did[0] = 0;
	answer = (struct answer){ .json = json, .write = write };
}

static const char *typed(const char *line)
{
	static char text[256];

	begin(false);
	strcpy(text, line);
	verb_run_line(table, text, &answer);
	return answer.error;
}

static const char *asked(const char *json)
{
	static char text[256];
	static struct json_object o;

	begin(true);
	strcpy(text, json);
	assert_null(json_read(&o, text, strlen(text)));
	verb_run_json(table, &o, &answer);
	return answer.error;
}

static void words_become_arguments(void **state)
{
	assert_string_equal(typed("  list "), "");
	assert_string_equal(did, "1 - - -1 - -1");
	assert_string_equal(typed("stats"), "");
	assert_string_equal(typed("stats  one"), "");
	assert_string_equal(did, "2 one - -1 - -1");
	assert_string_equal(typed("stop one 5"), "");
	assert_string_equal(did, "3 one - 5 - -1");
	assert_string_equal(typed("trace exit"), "");
	assert_string_equal(did, "5 - exit -1 - -1");
	assert_string_equal(typed(""), "");
	assert_string_equal(did, "");
}

static void wrong_words_give_the_usage(void **state)
{
	static const char *const stop[] = { "stop",         "stop one two",
					    "stop one 5 6", "stop one -5",
					    "stop one 5s",  "stop one 99999999999999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(stop); i++) {
		assert_string_equal(typed(stop[i]), "usage: stop NAME [SECONDS]");
		assert_string_equal(did, "");
	}
	assert_string_equal(typed("list all"), "usage: list");
	assert_string_equal(typed("console one x"), "usage: console NAME");
	assert_string_equal(typed("list a b c d e f g"), "usage: list");
}

static void members_become_arguments(void **state)
{
	assert_string_equal(asked("{\"verb\":\"stop\",\"seconds\":5,\"domain\":\"one\",\"id\":1}"),
			    "");
	assert_string_equal(did, "3 one - 5 - -1");
	assert_string_equal(
		asked("{\"verb\":\"console\",\"domain\":\"a\",\"input\":\"ls\",\"from\":7}"), "");
	assert_string_equal(did, "4 a - -1 ls 7");
}

static void wrong_members_are_named(void **state)
{
	assert_string_equal(asked("{}"), "a request has a \"verb\", a string");
	assert_string_equal(asked("{\"verb\":1}"), "a request has a \"verb\", a string");
	assert_string_equal(asked("{\"verb\":\"stop\"}"), "usage: stop NAME [SECONDS]");
	assert_string_equal(asked("{\"verb\":\"list\",\"domain\":\"a\"}"),
			    "list takes no \"domain\"");
	assert_string_equal(asked("{\"verb\":\"list\",\"x\":1}"), "list takes no \"x\"");
	assert_string_equal(asked("{\"verb\":\"stop\",\"domain\":1}"), "\"domain\" is a string");
	assert_string_equal(asked("{\"verb\":\"stop\",\"domain\":\"a\",\"seconds\":\"5\"}"),
			    "\"seconds\" is a number from 0 on");
	assert_string_equal(asked("{\"verb\":\"stop\",\"domain\":\"a\",\"seconds\":-1}"),
			    "\"seconds\" is a number from 0 on");
	assert_string_equal(did, "");
}

static void a_mistyped_verb_is_told_the_nearest(void **state)
{
	assert_string_equal(typed("lst"),
			    "lst: no such verb; did you mean `list`? `help` lists them all");
	assert_string_equal(typed("sotp one"),
			    "sotp: no such verb; did you mean `stop`? `help` lists them all");
	assert_string_equal(asked("{\"verb\":\"consol\"}"),
			    "consol: no such verb; did you mean `console`? `help` lists them all");
	assert_string_equal(typed("xyzzyplugh"), "xyzzyplugh: no such verb; `help` lists them all");
	/* Those for tests are not given away. */
	assert_string_equal(typed("crush"), "crush: no such verb; `help` lists them all");
	for (int n = 0; n < 300; n++)
		memset(shown, 'x', 200);
	shown[200] = 0;
	typed(shown);
}

static void help_groups_what_there_is(void **state)
{
	typed("help");
	assert_non_null(strstr(shown, "look:\n  list                   shows domains\n"));
	assert_non_null(strstr(shown, "domains:\n  stop NAME [SECONDS]    stops one\n"));
	assert_null(strstr(shown, "crash"));
	assert_string_equal(asked("{\"verb\":\"help\"}"), "");
	assert_non_null(strstr(shown, "{\"verb\":\"stop\",\"usage\":\"stop NAME [SECONDS]\","));
}

static void help_of_one_verb_has_an_example(void **state)
{
	typed("help stop");
	assert_string_equal(shown, "usage: stop NAME [SECONDS]\nhelp: stops one\n"
				   "example: stop linux1 5\n");
	assert_string_equal(typed("help stp"),
			    "stp: no such verb; did you mean `stop`? `help` lists them all");
	asked("{\"verb\":\"help\",\"what\":\"stop\"}");
	assert_non_null(strstr(shown, ",\"example\":\"stop linux1 5\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_arguments),
		cmocka_unit_test(wrong_words_give_the_usage),
		cmocka_unit_test(members_become_arguments),
		cmocka_unit_test(wrong_members_are_named),
		cmocka_unit_test(a_mistyped_verb_is_told_the_nearest),
		cmocka_unit_test(help_groups_what_there_is),
		cmocka_unit_test(help_of_one_verb_has_an_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
