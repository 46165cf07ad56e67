/*
 * What bh makes of an emulator's words: how a run ended, and which keys are its own; and what it
 * makes of the words for an emulated network card.
 */
// sources: tools/bh/watch.c tools/bh/terminal.c tools/bh/bochs_log.c tools/bh/net.c
// sources: tools/bh/values.c
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tools/bh/bochs.h"
#include "tools/bh/net.h"
#include "tools/bh/terminal.h"
#include "tools/bh/watch.h"

static bool seen(const char *text)
{
	struct watch w = { .orderly = false };

	watch_bytes(&w, text, strlen(text));
	return w.orderly;
}

static void the_last_words_are_a_line_of_the_hypervisor(void **state)
{
	assert_true(seen("x\r\nsystem: power off\r\n"));
	assert_true(seen("[hv] system: power off\r\n"));
	assert_false(seen("system: power off"));
	assert_false(seen("[linux1] system: power off\r\n"));
	assert_false(seen("system: power off or so\r\n"));
	assert_false(seen("power off\r\n"));
}

static void the_last_words_may_come_in_pieces(void **state)
{
	struct watch w = { .orderly = false };
	const char *text = "one line\nsystem: power off\r\nanother\n";

	for (const char *c = text; *c; c++)
		watch_bytes(&w, c, 1);
	assert_true(w.orderly);
}

static void a_line_of_any_length_does_no_harm(void **state)
{
	struct watch w = { .orderly = false };
	char text[1000];

	memset(text, 'a', sizeof(text));
	for (unsigned i = 0; i < 10; i++)
		watch_bytes(&w, text, sizeof(text));
	watch_bytes(&w, "\nsystem: power off\n", 19);
	assert_true(w.orderly);
}

static const char *escaped(bool *escape, const char *typed, bool *goes_on)
{
	static char keys[64];
	size_t bytes = strlen(typed);

	memcpy(keys, typed, bytes);
	*goes_on = terminal_escape(escape, keys, &bytes);
	keys[bytes] = 0;
	return keys;
}

static void control_a_x_leaves_and_control_a_twice_is_one(void **state)
{
	bool escape = false, goes_on;

	assert_string_equal(escaped(&escape,
				    "ab\x01\x01"
				    "c\x01q"
				    "d",
				    &goes_on),
			    "ab\x01"
			    "cd");
	assert_true(goes_on && !escape);
	assert_string_equal(escaped(&escape, "e\x01", &goes_on), "e");
	assert_true(goes_on && escape);
	escaped(&escape, "x", &goes_on);
	assert_false(goes_on);
	escape = false;
	assert_string_equal(escaped(&escape, "x\x03\x1d", &goes_on), "x\x03\x1d");
	assert_true(goes_on);
}

static void bochs_says_who_ended_the_run(void **state)
{
	struct bochs_log off = { .off = false }, fault = off;

	bochs_log_line(&off, "00000000000i[      ] bx_pc_system_c::Reset(HARDWARE) called\n");
	assert_int_equal(off.resets, 1);
	bochs_log_line(&off, "00109084681p[ACPI  ] >>PANIC<< ACPI control: soft power off\n");
	assert_true(off.off);
	assert_string_equal(off.panic, "ACPI control: soft power off");
	bochs_log_line(&fault, "001p[CPU0  ] >>PANIC<< exception(): 3rd (13) exception\n");
	bochs_log_line(&fault, "002p[ACPI  ] >>PANIC<< ACPI control: soft power off\n");
	assert_false(fault.off);
	assert_string_equal(fault.panic, "exception(): 3rd (13) exception");
}

static void a_network_card_is_a_kind_and_its_forwards(void **state)
{
	const char *forwards = NULL;
	enum net_kind kind = NET_NONE;

	assert_true(net_parse("e1000", &kind, &forwards));
	assert_true(kind == NET_E1000 && *forwards == 0);
	assert_true(net_parse("virtio,hostfwd=tcp::1-:2,hostfwd=udp::3-:4", &kind, &forwards));
	assert_int_equal(kind, NET_VIRTIO);
	assert_string_equal(forwards, "hostfwd=tcp::1-:2,hostfwd=udp::3-:4");
	assert_true(net_parse("none", &kind, &forwards) && kind == NET_NONE);
	assert_true(net_parse("e1000e", &kind, &forwards) && kind == NET_E1000E);
}

static void what_is_no_network_card_is_refused_and_changes_nothing(void **state)
{
	static const char *const wrong[] = {
		"",
		"e100",
		"e1000,",
		"e1000,hostfwd=",
		"e1000,hostfwd=x,",
		"e1000,,hostfwd=x",
		"e1000,restrict=on",
		"e1000,hostfwd=x,id=y",
		"none,hostfwd=x",
		",hostfwd=x",
		"e1000 ,hostfwd=x",
		"a-word-that-is-longer-than-any",
	};
	const char *forwards = NULL;
	enum net_kind kind = NET_VIRTIO;

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(net_parse(wrong[i], &kind, &forwards));
	assert_true(kind == NET_VIRTIO && !forwards);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_words_are_a_line_of_the_hypervisor),
		cmocka_unit_test(the_last_words_may_come_in_pieces),
		cmocka_unit_test(a_line_of_any_length_does_no_harm),
		cmocka_unit_test(control_a_x_leaves_and_control_a_twice_is_one),
		cmocka_unit_test(bochs_says_who_ended_the_run),
		cmocka_unit_test(a_network_card_is_a_kind_and_its_forwards),
		cmocka_unit_test(what_is_no_network_card_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
