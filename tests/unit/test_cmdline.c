// sources: boot/cmdline.c lib/log.c lib/format.c lib/string.c
/* The hypervisor's own command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/trace.h"
#include "boot/cmdline.h"

static uint64_t warnings(void)
{
	static uint64_t pos;
	uint64_t before = pos;
	char buf[256];

	while (log_read(&pos, buf, sizeof(buf)))
		;
	return pos - before;
}

static void an_empty_line_gives_the_defaults(void **state)
{
	struct options o;

	cmdline_parse(&o, "");
	assert_int_equal(o.log, LOG_INFO);
	assert_int_equal(o.cpus, MAX_CPUS);
	assert_int_equal(warnings(), 0);
}

static void words_are_found_between_blanks(void **state)
{
	struct options o;

	cmdline_parse(&o, "  log=debug   cpus=3 ");
	assert_int_equal(o.log, LOG_DEBUG);
	assert_int_equal(o.cpus, 3);
	assert_int_equal(warnings(), 0);
}

static void features_to_do_without_are_kept_as_they_stand(void **state)
{
	struct options o;

	cmdline_parse(&o, "");
	assert_int_equal(o.without_bytes, 0);
	cmdline_parse(&o, "without=timer,vpid cpus=2");
	assert_int_equal(o.without_bytes, 10);
	assert_memory_equal(o.without, "timer,vpid", 10);
	assert_int_equal(o.cpus, 2);
	assert_int_equal(o.with_bytes, 0);
	cmdline_parse(&o, "without=timer with=virtual_irq");
	assert_int_equal(o.without_bytes, 5);
	assert_int_equal(o.with_bytes, 11);
	assert_memory_equal(o.with, "virtual_irq", 11);
	assert_int_equal(warnings(), 0);
	cmdline_parse(&o, "without=");
	assert_true(warnings() > 0);
	cmdline_parse(&o, "with=");
	assert_true(warnings() > 1);
}

static void events_to_trace_are_named_or_all(void **state)
{
	struct options o;

	cmdline_parse(&o, "cpus=2");
	assert_int_equal(o.trace, 0);
	assert_false(o.trace_dump);
	cmdline_parse(&o, "trace=enter,LEAVE");
	assert_int_equal(o.trace, 1u << HV_TRACE_ENTER | 1u << HV_TRACE_LEAVE);
	assert_false(o.trace_dump);
	cmdline_parse(&o, "trace=all,dump cpus=2");
	assert_int_equal(o.trace, HV_TRACE_ALL);
	assert_true(o.trace_dump);
	assert_int_equal(o.cpus, 2);
	assert_int_equal(warnings(), 0);
	cmdline_parse(&o, "trace=exit,enters,idle");
	assert_int_equal(o.trace, 1u << HV_TRACE_EXIT | 1u << HV_TRACE_IDLE);
	assert_true(warnings() > 0);
	cmdline_parse(&o, "trace=");
	assert_true(warnings() > 0);
}

static void what_is_wrong_warns_and_changes_nothing(void **state)
{
	static const char *const wrong[] = { "log=",  "log=debugs",          "cpus=0",  "cpus=17",
					     "cpus=", "cpus=99999999999999", "cpus=1x", "quiet" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct options o;

		cmdline_parse(&o, wrong[i]);
		assert_int_equal(o.log, LOG_INFO);
		assert_int_equal(o.cpus, MAX_CPUS);
		assert_true(warnings() > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_gives_the_defaults),
		cmocka_unit_test(words_are_found_between_blanks),
		cmocka_unit_test(features_to_do_without_are_kept_as_they_stand),
		cmocka_unit_test(events_to_trace_are_named_or_all),
		cmocka_unit_test(what_is_wrong_warns_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
