// sources: guests/service/mux.c lib/string.c
/* The console multiplexer: what the terminal sees in each view, and where keys go. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guests/service/mux.h"

static struct mux mux;
static char screen[MUX_OUT + 1];
static char shell_keys[64], domain_keys[64];
static unsigned keys_for;
static bool was_fresh;
static int linux1, linux2;

static void to_shell(char key, bool fresh)
{
	strncat(shell_keys, &key, 1);
	was_fresh = fresh;
}

static void to_domain(unsigned source, char key)
{
	strncat(domain_keys, &key, 1);
	keys_for = source;
}

static const struct mux_ops ops = { to_shell, to_domain };

static int fresh(void **state)
{
	mux_init(&mux, &ops);
	linux1 = mux_add(&mux, "linux1", 1);
	linux2 = mux_add(&mux, "linux2", 2);
	was_fresh = false;
	shell_keys[0] = domain_keys[0] = 0;
	return 0;
}

static void say(int source, const char *text)
{
	mux_output(&mux, (unsigned)source, text, strlen(text));
}

static void type(const char *keys)
{
	for (; *keys; keys++)
		mux_key(&mux, *keys);
}

/* What the terminal got since the last call. */
static const char *seen(void)
{
	const char *text;
	size_t n, all = 0;

	while ((n = mux_pending(&mux, &text)) != 0) {
		memcpy(screen + all, text, n);
		all += n;
		mux_taken(&mux, n);
	}
	screen[all] = 0;
	return screen;
}

static void let_time_pass(void)
{
	mux_show_unfinished(&mux);
	mux_show_unfinished(&mux);
}

static void whole_lines_get_their_source_in_front(void **state)
{
	say(linux1, "linux1: up, disk verified\r\nnext\n");
	say(MUX_LOG, "domain 3 died\n");
	assert_string_equal(seen(), "[linux1] linux1: up, disk verified\r\n[linux1] next\r\n"
				    "[hv] domain 3 died\r\n");
}

static void parts_of_lines_do_not_mix(void **state)
{
	say(linux1, "one ");
	say(linux2, "two ");
	say(linux1, "half\n");
	say(linux2, "half\n");
	assert_string_equal(seen(), "[linux1] one half\r\n[linux2] two half\r\n");
}

static void a_prompt_is_shown_after_a_moment_and_gone_on_with(void **state)
{
	say(linux1, "~ # ");
	assert_string_equal(seen(), "");
	assert_true(mux_has_unfinished(&mux));
	let_time_pass();
	assert_string_equal(seen(), "[linux1] ~ # ");
	assert_false(mux_has_unfinished(&mux));
	say(linux1, "ls\n");
	assert_string_equal(seen(), "ls\r\n");
}

static void another_source_breaks_an_unfinished_line(void **state)
{
	say(linux1, "~ # ");
	let_time_pass();
	say(linux2, "hello\n");
	say(linux1, "ls\n");
	assert_string_equal(seen(), "[linux1] ~ # \r\n[linux2] hello\r\n[linux1] ~ # ls\r\n");
}

static void a_source_that_still_talks_is_not_shown_by_halves(void **state)
{
	say(linux1, "a");
	mux_show_unfinished(&mux);
	say(linux1, "b");
	mux_show_unfinished(&mux);
	assert_string_equal(seen(), "");
	mux_show_unfinished(&mux);
	assert_string_equal(seen(), "[linux1] ab");
}

static void the_last_line_can_be_ended(void **state)
{
	say(MUX_SHELL, "bulkhead> ");
	mux_finish(&mux);
	mux_finish(&mux);
	assert_string_equal(seen(), "bulkhead> \r\n");
}

static void escape_sequences_do_not_reach_a_shared_screen(void **state)
{
	say(linux1, "\x1b[6n\x1b[1;31mred\x1b[0m \x1b"
		    "cend\a\n");
	assert_string_equal(seen(), "[linux1] red end\r\n");
}

static void a_selected_domain_has_the_terminal_to_itself(void **state)
{
	type("\x1d"
	     "1");
	seen();
	say(linux1, "a\x1b[6nb\nc\r\nd");
	say(linux2, "not now\n");
	say(MUX_LOG, "nor this\n");
	assert_string_equal(seen(), "a\x1b[6nb\r\nc\r\nd");
	type("ls\r");
	assert_string_equal(domain_keys, "ls\r");
	assert_int_equal(keys_for, linux1);
	assert_string_equal(shell_keys, "");
}

static void a_backlog_is_shown_on_switching(void **state)
{
	say(linux2, "login: ");
	seen();
	type("\x1d"
	     "2");
	assert_non_null(strstr(seen(), "linux2"));
	type("\x1d"
	     "a\x1d"
	     "2");
	assert_non_null(strstr(seen(), "login: "));
}

static void a_backlog_keeps_the_last_bytes_only(void **state)
{
	for (int i = 0; i < 2 * MUX_BACKLOG; i++)
		mux_remember(&mux, (unsigned)linux1, i < MUX_BACKLOG ? "o" : "n", 1);
	type("\x1d"
	     "1");
	seen();
	assert_null(strchr(strchr(screen, '\n'), 'o'));
	assert_int_equal(strlen(strchr(screen, '\n') + 1), MUX_BACKLOG);
}

static void keys_go_to_the_shell_unless_a_domain_is_selected(void **state)
{
	type("x");
	assert_true(was_fresh);
	say(MUX_SHELL, "bulkhead> x");
	type("y");
	assert_false(was_fresh);
	say(linux1, "line\n");
	type("z");
	assert_true(was_fresh);
	type("\x1d"
	     "lq\x1d"
	     "sr");
	assert_string_equal(shell_keys, "xyzr");
	assert_string_equal(seen(), "bulkhead> x\r\n[linux1] line\r\n"
				    "-- hv (Ctrl-] ? for help) --\r\n"
				    "-- shell (Ctrl-] ? for help) --\r\nbulkhead> x");
}

static void a_shell_that_was_silent_so_far_is_asked_for_its_prompt(void **state)
{
	type("\x1ds");
	assert_true(was_fresh);
	say(MUX_SHELL, "> ");
	was_fresh = false;
	type("\x1d"
	     "1\x1ds");
	assert_false(was_fresh);
	assert_string_equal(shell_keys, "");
}

static void the_escape_key_twice_sends_itself(void **state)
{
	type("\x1d"
	     "1\x1d\x1d");
	assert_string_equal(domain_keys, "\x1d");
}

static void an_unknown_escape_shows_help_and_an_unknown_number_says_so(void **state)
{
	type("\x1d?");
	assert_non_null(strstr(seen(), "all consoles"));
	type("\x1d"
	     "9");
	assert_non_null(strstr(seen(), "no domain of this number"));
	assert_int_equal(mux.view, MUX_ALL);
}

static void next_goes_round(void **state)
{
	type("\x1dn");
	assert_int_equal(mux.view, MUX_SHELL);
	type("\x1dn\x1dn");
	assert_int_equal(mux.view, linux1);
	type("\x1dn\x1dn");
	assert_int_equal(mux.view, MUX_ALL);
}

static void a_full_terminal_loses_bytes_and_counts_them(void **state)
{
	type("\x1d"
	     "1");
	seen();
	for (int i = 0; i < MUX_OUT + 7; i++)
		say(linux1, "x");
	assert_int_equal(mux_room(&mux), 0);
	assert_int_equal(mux.lost, 7);
	assert_int_equal(strlen(seen()), MUX_OUT);
}

static void a_line_longer_than_the_buffer_comes_in_one_piece(void **state)
{
	char text[2 * MUX_LINE + 10];

	memset(text, 'x', sizeof(text));
	mux_output(&mux, (unsigned)linux1, text, sizeof(text));
	say(linux1, "\n");
	assert_int_equal(strlen(seen()), strlen("[linux1] \r\n") + sizeof(text));
}

/* As a new instance of the service domain does: the image is another, *m is what it was. */
static bool restart(void)
{
	bool resumed = mux_resume(&mux, &ops);

	linux1 = mux_add(&mux, "linux1", 1);
	linux2 = mux_add(&mux, "linux2", 2);
	return resumed;
}

static void a_restart_keeps_view_lines_and_backlogs(void **state)
{
	say(linux1, "half a ");
	say(linux2, "shown later\n");
	seen();
	assert_true(restart());
	say(linux1, "line\n");
	assert_string_equal(seen(), "[linux1] half a line\r\n");
	type("\x1d"
	     "2");
	seen();
	assert_true(restart());
	mux_announce(&mux, (unsigned)linux1, "restarted\n");
	assert_string_equal(seen(), "-- restarted\r\n");
	type("k");
	assert_int_equal(keys_for, linux2);
	type("\x1d"
	     "1"
	     "\x1d"
	     "2");
	assert_non_null(strstr(seen(), "shown later"));
}

/* The terminal has taken so many bytes when the instance dies. */
static const char *after_death(const char *line, size_t taken)
{
	fresh(NULL);
	say(linux2, "before\n");
	seen();
	say(linux1, line);
	mux_taken(&mux, taken);
	assert_true(restart());
	return seen();
}

static void a_line_that_a_death_cut_comes_again_whole(void **state)
{
	assert_string_equal(after_death("a line\n", 0), "[linux1] a line\r\n");
	assert_string_equal(after_death("a line\n", 12), "[linux1] a line\r\n");
	assert_string_equal(after_death("a line\nmore\n", 12),
			    "[linux1] a line\r\n[linux1] more\r\n");
	/* All of it is there but its end. */
	assert_string_equal(after_death("a line\n", 15), "\r\n");
	assert_string_equal(after_death("a line\n", 17), "");
}

static void take(int source, const char *text)
{
	struct mux_source *s = &mux.source[source];

	mux_take(&mux, (unsigned)source, s->taken, text, strlen(text));
}

static void what_is_taken_moves_the_position_and_shows_like_any_text(void **state)
{
	mux_take(&mux, (unsigned)linux1, 100, "one\ntwo\nthr", 11);
	assert_int_equal(mux.source[linux1].taken, 111);
	take(linux1, "ee\n");
	assert_int_equal(mux.source[linux1].taken, 114);
	assert_string_equal(seen(), "[linux1] one\r\n[linux1] two\r\n[linux1] three\r\n");
}

static void what_has_no_room_is_left_to_be_taken_later(void **state)
{
	static char text[MUX_OUT];
	size_t taken, all = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '\n' : 'x';
	while ((taken = mux.source[linux1].taken) < sizeof(text)) {
		mux_take(&mux, (unsigned)linux1, taken, text + taken, sizeof(text) - taken);
		assert_true(mux.source[linux1].taken > taken);
		all += strlen(seen());
	}
	assert_int_equal(mux.lost, 0);
	assert_int_equal(all, sizeof(text) / 2 * strlen("[linux1] x\r\n"));
}

/* The instance dies where the first `stored` of the bytes that mux_take() changes are there, and
   in the second pass where the others are. Its successor reads the same text again. */
static void die_taking(const struct mux *before, const struct mux *after, size_t stored, bool first)
{
	const char *was = (const char *)before, *is = (const char *)after;
	char *now = (char *)&mux;
	size_t changed = 0;

	mux = *before;
	for (size_t i = 0; i < sizeof(mux); i++)
		if (was[i] != is[i] && (changed++ < stored) == first)
			now[i] = is[i];
	mux.step = after->step;
	mux.step.on = 1;
}

static const char *after_death_in_take(const char *text)
{
	assert_true(restart());
	take(linux1, text);
	take(linux2, "z\n");
	take(linux1, "\n");
	return seen();
}

/* Every mixture of two states would be too many: these cut at each byte that differs. */
static void check_every_death(const char *text)
{
	static struct mux before, after;
	static char wanted[MUX_OUT + 1], backlog[2][MUX_BACKLOG];
	uint64_t position;
	size_t bytes;

	before = mux;
	take(linux1, text);
	after = mux;
	mux = before;
	strcpy(wanted, after_death_in_take(text));
	position = 0;
	bytes = mux_backlog(&mux, (unsigned)linux1, &position, backlog[0], MUX_BACKLOG);
	for (size_t i = 0; i < 2 * 200; i++) {
		die_taking(&before, &after, i / 2, i % 2);
		assert_string_equal(after_death_in_take(text), wanted);
		assert_int_equal(mux.source[linux1].taken,
				 before.source[linux1].taken + strlen(text) + 1);
		position = 0;
		assert_int_equal(
			mux_backlog(&mux, (unsigned)linux1, &position, backlog[1], MUX_BACKLOG),
			bytes);
		assert_memory_equal(backlog[0], backlog[1], bytes);
	}
	mux = before;
}

static void a_death_while_text_is_taken_neither_loses_nor_doubles_it(void **state)
{
	char longer[MUX_LINE + 1] = { 0 };

	check_every_death("a line\n");
	take(linux1, "half a ");
	check_every_death("line\n");
	check_every_death("more");
	let_time_pass();
	check_every_death("line\n");
	take(linux2, "~ # ");
	let_time_pass();
	check_every_death("line\n");
	check_every_death("\x1b[1;3");
	memset(longer, 'x', MUX_LINE - mux.source[linux1].length);
	check_every_death(longer);
	type("\x1d"
	     "1");
	check_every_death("\x1b[6nvi\n");
	type("\x1d"
	     "2");
	check_every_death("not seen\n");
}

static void a_restart_does_not_believe_what_makes_no_sense(void **state)
{
	mux.view = MUX_SOURCES;
	assert_false(restart());
	assert_int_equal(mux.view, MUX_ALL);
	mux.source[linux1].length = MUX_LINE;
	assert_false(restart());
	mux.out_head = mux.out_tail + MUX_OUT + 1;
	assert_false(restart());
	mux.open = MUX_SOURCES;
	assert_false(restart());
	mux.source[linux1].shown = 1;
	assert_false(restart());
	memset(&mux.step, 0xff, sizeof(mux.step));
	assert_false(restart());
	mux.magic++;
	assert_false(restart());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whole_lines_get_their_source_in_front, fresh),
		cmocka_unit_test_setup(parts_of_lines_do_not_mix, fresh),
		cmocka_unit_test_setup(a_prompt_is_shown_after_a_moment_and_gone_on_with, fresh),
		cmocka_unit_test_setup(another_source_breaks_an_unfinished_line, fresh),
		cmocka_unit_test_setup(a_source_that_still_talks_is_not_shown_by_halves, fresh),
		cmocka_unit_test_setup(the_last_line_can_be_ended, fresh),
		cmocka_unit_test_setup(escape_sequences_do_not_reach_a_shared_screen, fresh),
		cmocka_unit_test_setup(a_selected_domain_has_the_terminal_to_itself, fresh),
		cmocka_unit_test_setup(a_backlog_is_shown_on_switching, fresh),
		cmocka_unit_test_setup(a_backlog_keeps_the_last_bytes_only, fresh),
		cmocka_unit_test_setup(keys_go_to_the_shell_unless_a_domain_is_selected, fresh),
		cmocka_unit_test_setup(a_shell_that_was_silent_so_far_is_asked_for_its_prompt,
				       fresh),
		cmocka_unit_test_setup(the_escape_key_twice_sends_itself, fresh),
		cmocka_unit_test_setup(an_unknown_escape_shows_help_and_an_unknown_number_says_so,
				       fresh),
		cmocka_unit_test_setup(next_goes_round, fresh),
		cmocka_unit_test_setup(a_restart_keeps_view_lines_and_backlogs, fresh),
		cmocka_unit_test_setup(a_line_that_a_death_cut_comes_again_whole, fresh),
		cmocka_unit_test_setup(what_is_taken_moves_the_position_and_shows_like_any_text,
				       fresh),
		cmocka_unit_test_setup(what_has_no_room_is_left_to_be_taken_later, fresh),
		cmocka_unit_test_setup(a_death_while_text_is_taken_neither_loses_nor_doubles_it,
				       fresh),
		cmocka_unit_test_setup(a_restart_does_not_believe_what_makes_no_sense, fresh),
		cmocka_unit_test_setup(a_full_terminal_loses_bytes_and_counts_them, fresh),
		cmocka_unit_test_setup(a_line_longer_than_the_buffer_comes_in_one_piece, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
