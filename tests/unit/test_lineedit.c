// sources: guests/service/lineedit.c
/* The shell's line editor: what a line becomes after keys, and what the terminal is told. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/lineedit.h"

static char echoed[1024];
static struct lineedit edit;

static void echo(const char *text, size_t bytes)
{
	strncat(echoed, text, bytes);
}

static enum lineedit_result type(const char *keys)
{
	enum lineedit_result result = LINEEDIT_MORE;

	for (; *keys; keys++)
		result = lineedit_key(&edit, *keys, echo);
	return result;
}

static int fresh(void **state)
{
	memset(&edit, 0, sizeof(edit));
	echoed[0] = 0;
	return 0;
}

static void typed_text_is_kept_and_echoed(void **state)
{
	assert_int_equal(type("list\r"), LINEEDIT_DONE);
	assert_string_equal(edit.text, "list");
	assert_string_equal(echoed, "list\n");
}

static void cr_lf_is_one_end_of_line(void **state)
{
	assert_int_equal(type("a\r"), LINEEDIT_DONE);
	lineedit_clear(&edit);
	assert_int_equal(type("\n"), LINEEDIT_MORE);
	assert_int_equal(type("b\n"), LINEEDIT_DONE);
	assert_string_equal(edit.text, "b");
}

static void backspace_erases_and_stops_at_the_start(void **state)
{
	type("ab\b\x7f\b\b");
	assert_string_equal(edit.text, "");
	assert_string_equal(echoed, "ab\b \b\b \b");
}

static void control_u_empties_and_control_w_takes_a_word(void **state)
{
	type("kill linux1 ");
	type("\x17");
	assert_string_equal(edit.text, "kill ");
	type("\x15");
	assert_string_equal(edit.text, "");
}

static void control_c_cancels(void **state)
{
	assert_int_equal(type("kill\x03"), LINEEDIT_CANCEL);
	assert_string_equal(edit.text, "");
}

static void escape_sequences_are_swallowed(void **state)
{
	type("a\x1b[A\x1b[5;10Rb\x1b"
	     "xc\x1b[3~d");
	assert_string_equal(edit.text, "abcd");
}

static void a_long_line_is_cut_and_terminated(void **state)
{
	for (int i = 0; i < 300; i++)
		type("x");
	assert_int_equal(strlen(edit.text), LINEEDIT_MAX - 1);
	assert_int_equal(edit.length, LINEEDIT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(typed_text_is_kept_and_echoed, fresh),
		cmocka_unit_test_setup(cr_lf_is_one_end_of_line, fresh),
		cmocka_unit_test_setup(backspace_erases_and_stops_at_the_start, fresh),
		cmocka_unit_test_setup(control_u_empties_and_control_w_takes_a_word, fresh),
		cmocka_unit_test_setup(control_c_cancels, fresh),
		cmocka_unit_test_setup(escape_sequences_are_swallowed, fresh),
		cmocka_unit_test_setup(a_long_line_is_cut_and_terminated, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
