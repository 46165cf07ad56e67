// sources: guests/service/shell.c guests/service/lineedit.c lib/format.c lib/string.c
/* The shell: which command a line runs, with what argument, and what a mistake is answered. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/shell.h"

static char shown[4096];
static const char *ran;
static char argument[64];

static void write(const char *text, size_t bytes)
{
	strncat(shown, text, bytes);
}

static void run_list(const char *arg, int detail)
{
	ran = "list";
	assert_null(arg);
}

static void run_kill(const char *arg, int detail)
{
	ran = "kill";
	assert_int_equal(detail, 7);
	strcpy(argument, arg);
}

static void run_stats(const char *arg, int detail)
{
	ran = arg ? "stats of" : "stats";
}

static void run_crash(const char *arg, int detail)
{
	ran = "crash";
}

static const struct shell_command table[] = {
	{ "list", "", "domains", run_list, 0 },
	{ "kill", "NAME", "stops one", run_kill, 7 },
	{ "stats", "[NAME]", "counters", run_stats, 0 },
	{ "crash", "NAME", NULL, run_crash, 0 },
	{ 0 },
};

static void type(const char *keys)
{
	for (; *keys; keys++)
		shell_key(*keys, false);
}

static int fresh(void **state)
{
	shell_init(table, write);
	shown[0] = argument[0] = 0;
	ran = "";
	return 0;
}

static void a_line_runs_its_command_and_prompts_again(void **state)
{
	type("  list \r");
	assert_string_equal(ran, "list");
	assert_string_equal(shown, "  list \nbulkhead> ");
}

static void an_argument_arrives(void **state)
{
	type("kill  linux1\r");
	assert_string_equal(ran, "kill");
	assert_string_equal(argument, "linux1");
}

static void a_missing_or_extra_argument_gives_the_usage(void **state)
{
	type("kill\r");
	assert_string_equal(ran, "");
	assert_non_null(strstr(shown, "usage: kill NAME"));
	type("list all\r");
	assert_string_equal(ran, "");
	assert_non_null(strstr(shown, "usage: list"));
}

static void an_optional_argument_may_be_missing(void **state)
{
	type("stats\r");
	assert_string_equal(ran, "stats");
	type("stats linux1\r");
	assert_string_equal(ran, "stats of");
}

static void an_unknown_command_gives_a_hint(void **state)
{
	type("ls\r");
	assert_non_null(strstr(shown, "ls: no such command; did you mean `list`? `help`"));
}

static void help_lists_commands_but_not_those_of_tests(void **state)
{
	type("help\r");
	assert_non_null(strstr(shown, "stops one"));
	assert_null(strstr(shown, "crash"));
}

static void an_empty_line_only_prompts(void **state)
{
	type("\r   \r");
	assert_string_equal(shown, "\nbulkhead>    \nbulkhead> ");
}

static void a_broken_line_is_shown_again_with_its_prompt(void **state)
{
	type("ki");
	shown[0] = 0;
	shell_key('l', true);
	assert_string_equal(shown, "bulkhead> kil");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_runs_its_command_and_prompts_again, fresh),
		cmocka_unit_test_setup(an_argument_arrives, fresh),
		cmocka_unit_test_setup(a_missing_or_extra_argument_gives_the_usage, fresh),
		cmocka_unit_test_setup(an_optional_argument_may_be_missing, fresh),
		cmocka_unit_test_setup(an_unknown_command_gives_a_hint, fresh),
		cmocka_unit_test_setup(help_lists_commands_but_not_those_of_tests, fresh),
		cmocka_unit_test_setup(an_empty_line_only_prompts, fresh),
		cmocka_unit_test_setup(a_broken_line_is_shown_again_with_its_prompt, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
