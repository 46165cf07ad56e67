// sources: guests/service/shell.c guests/service/lineedit.c guests/service/verb.c
// sources: guests/service/verb_help.c guests/service/answer.c guests/service/json.c
// sources: lib/format.c lib/string.c
/* The shell: a line of keys runs its verb, and what it answers is shown before the next prompt. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/shell.h"

static char shown[4096];

static void write(const char *text, size_t bytes)
{
	strncat(shown, text, bytes);
}

static void after(int detail)
{
	strcat(shown, detail == 7 ? "[after]" : "?");
}

static void run_list(struct answer *a, const struct request *r, int detail)
{
	answer_note(a, "none");
}

static void run_kill(struct answer *a, const struct request *r, int detail)
{
	answer_fail(a, "%s: it does not run", r->domain);
}

static void run_end(struct answer *a, const struct request *r, int detail)
{
	a->after = after;
	a->after_detail = 7;
}

static const struct verb table[] = {
	{ "list", "", "look", "domains", NULL, run_list, 0 },
	{ "kill", "D", "domains", "stops one", NULL, run_kill, 0 },
	{ "end", "", "domains", "ends", NULL, run_end, 0 },
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
	shown[0] = 0;
	return 0;
}

static void a_line_runs_its_verb_and_prompts_again(void **state)
{
	type("list\r");
	assert_string_equal(shown, "list\nnone\nbulkhead> ");
}

static void an_error_is_a_line(void **state)
{
	type("kill one\r");
	assert_string_equal(shown, "kill one\none: it does not run\nbulkhead> ");
}

static void what_comes_after_the_answer_comes_after_it(void **state)
{
	type("end\r");
	assert_string_equal(shown, "end\n[after]bulkhead> ");
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
		cmocka_unit_test_setup(a_line_runs_its_verb_and_prompts_again, fresh),
		cmocka_unit_test_setup(an_error_is_a_line, fresh),
		cmocka_unit_test_setup(what_comes_after_the_answer_comes_after_it, fresh),
		cmocka_unit_test_setup(an_empty_line_only_prompts, fresh),
		cmocka_unit_test_setup(a_broken_line_is_shown_again_with_its_prompt, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
