// sources: mm/frames.c lib/string.c
/* The free extents of physical memory. One allocator, so the tests share and empty it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/assert.h"
#undef assert
#include "mm/frames.h"

#define MIB (1ull << 20)

void panic(const char *fmt, ...)
{
	puts(fmt);
	abort();
}

static int empty(void **state)
{
	frames_reserve(hpa(0), 1ull << 52);
	assert_int_equal(frames_free_bytes(), 0);
	return 0;
}

static void overlapping_ranges_count_once_and_join(void **state)
{
	hpa_t base;

	frames_add(hpa(1 * MIB), 2 * MIB);
	frames_add(hpa(2 * MIB), 2 * MIB);
	frames_add(hpa(4 * MIB), 1 * MIB);
	assert_int_equal(frames_free_bytes(), 4 * MIB);
	assert_int_equal(frames_take(4 * MIB, PAGE_SIZE, 0, &base), OK);
	assert_int_equal(base.v, 1 * MIB);
	assert_int_equal(frames_free_bytes(), 0);
}

static void partial_pages_are_not_usable(void **state)
{
	frames_add(hpa(0x1001), 0x2fff);
	assert_int_equal(frames_free_bytes(), 0x2000);
	frames_add(hpa(0x10800), 0x800);
	assert_int_equal(frames_free_bytes(), 0x2000);
}

static void a_reserved_byte_takes_its_page(void **state)
{
	frames_add(hpa(0), 16 * PAGE_SIZE);
	frames_reserve(hpa(4 * PAGE_SIZE + 5), 1);
	assert_int_equal(frames_free_bytes(), 15 * PAGE_SIZE);
	frames_reserve(hpa(0), 0);
	assert_int_equal(frames_free_bytes(), 15 * PAGE_SIZE);
	assert_int_equal(frames_largest(PAGE_SIZE, 0), 11 * PAGE_SIZE);
}

static void takes_from_the_top_and_respects_alignment_and_limit(void **state)
{
	hpa_t base;

	frames_add(hpa(1 * MIB), 7 * MIB);
	frames_add(hpa(5120 * MIB), 5 * MIB);
	assert_int_equal(frames_take(2 * MIB, 2 * MIB, 0, &base), OK);
	assert_int_equal(base.v, 5122 * MIB);
	assert_int_equal(frames_take(2 * MIB, 2 * MIB, 4096 * MIB, &base), OK);
	assert_int_equal(base.v, 6 * MIB);
	assert_int_equal(frames_largest(2 * MIB, 4096 * MIB), 4 * MIB);
	assert_int_equal(frames_take(6 * MIB, PAGE_SIZE, 4096 * MIB, &base), ERR_NOMEM);
	assert_int_equal(frames_take(5 * MIB, PAGE_SIZE, 4096 * MIB, &base), OK);
	assert_int_equal(base.v, 1 * MIB);
}

static void refuses_odd_sizes(void **state)
{
	hpa_t base;

	frames_add(hpa(0), MIB);
	assert_int_equal(frames_take(0, PAGE_SIZE, 0, &base), ERR_INVAL);
	assert_int_equal(frames_take(100, PAGE_SIZE, 0, &base), ERR_INVAL);
	assert_int_equal(frames_take(PAGE_SIZE, 3 * PAGE_SIZE, 0, &base), ERR_INVAL);
}

static void never_gives_a_page_twice(void **state)
{
	static unsigned char taken[1024];
	hpa_t base;

	srandom(1);
	frames_add(hpa(0), 1024 * PAGE_SIZE);
	for (int i = 0; i < 64; i++)
		frames_reserve(hpa((uint64_t)random() % 1024 * PAGE_SIZE), PAGE_SIZE);
	for (;;) {
		uint64_t pages = 1 + (uint64_t)random() % 8;

		if (frames_take(pages * PAGE_SIZE, PAGE_SIZE, random() & 1 ? 0 : MIB, &base))
			break;
		for (uint64_t p = base.v / PAGE_SIZE; pages; pages--, p++)
			assert_int_equal(taken[p]++, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(overlapping_ranges_count_once_and_join, empty),
		cmocka_unit_test_setup(partial_pages_are_not_usable, empty),
		cmocka_unit_test_setup(a_reserved_byte_takes_its_page, empty),
		cmocka_unit_test_setup(takes_from_the_top_and_respects_alignment_and_limit, empty),
		cmocka_unit_test_setup(refuses_odd_sizes, empty),
		cmocka_unit_test_setup(never_gives_a_page_twice, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
