// sources: lib/log.c lib/format.c lib/string.c
/* The log's ring, its sinks and its levels. The tests run in this order on one ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/log.h"
#include "lib/string.h"

static char seen[4 * LOG_RING_BYTES];
static size_t seen_bytes;

static void sink(const char *line, size_t bytes)
{
	assert_int_equal(line[bytes - 1], '\n');
	memcpy(seen + seen_bytes, line, bytes);
	seen_bytes += bytes;
	seen[seen_bytes] = '\0';
}

static void a_late_sink_gets_the_earlier_lines(void **state)
{
	log_info("first %d", 1);
	log_warn("second");
	log_debug("not shown");
	log_add_sink(sink);
	log_error("third");
	assert_string_equal(seen, "first 1\nwarning: second\nerror: third\n");
}

static void a_reader_follows_the_ring(void **state)
{
	uint64_t pos = 0;
	char buf[16] = { 0 };

	assert_int_equal(log_read(&pos, buf, 8), 8);
	assert_string_equal(buf, "first 1\n");
	assert_int_equal(pos, 8);
	while (log_read(&pos, buf, sizeof(buf)))
		;
	assert_int_equal(pos, seen_bytes);
}

static void a_slow_reader_loses_the_oldest_bytes_only(void **state)
{
	uint64_t pos = 0;
	char last[8];

	log_replace_sink(sink, NULL);
	for (int i = 0; i < LOG_RING_BYTES / 4; i++)
		log_info("%06d", i);
	assert_int_equal(log_read(&pos, last, 7), 7);
	assert_true(pos > LOG_RING_BYTES / 4);
	pos += LOG_RING_BYTES - 14;
	assert_int_equal(log_read(&pos, last, 8), 7);
	assert_memory_equal(last, "016383\n", 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_sink_gets_the_earlier_lines),
		cmocka_unit_test(a_reader_follows_the_ring),
		cmocka_unit_test(a_slow_reader_loses_the_oldest_bytes_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
