/*
 * Pages come out of a pool zeroed and in order, go back, and are counted.
 */
// sources: mm/pool.c
#include "mm/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/addr.h"
#include "lib/assert.h"

void panic(const char *fmt, ...)
{
	mock_assert(0, fmt, __FILE__, __LINE__);
	abort();
}

static char *new_pages(size_t pages)
{
	char *base = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);

	memset(base, 0, pages * PAGE_SIZE);
	return base;
}

static void pages_come_in_rising_order_and_then_none(void **state)
{
	char *base = new_pages(3);
	struct pool p = { 0 };

	pool_add(&p, base, 3);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(pool_get(&p), base + i * PAGE_SIZE);
	assert_null(pool_get(&p));
	assert_int_equal(p.used, 3);
	assert_int_equal(p.pages, 3);
	free(base);
}

static void a_page_is_zeroed_when_it_comes_back(void **state)
{
	char *base = new_pages(2);
	struct pool p = { 0 };
	char *page;

	pool_add(&p, base, 2);
	page = pool_get(&p);
	memset(page, 0xaa, PAGE_SIZE);
	pool_put(&p, page);
	assert_int_equal(p.used, 0);
	assert_ptr_equal(pool_get(&p), page);
	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(page[i], 0);
	free(base);
}

static void a_second_range_joins(void **state)
{
	char *one = new_pages(1), *two = new_pages(1);
	struct pool p = { 0 };

	pool_add(&p, one, 1);
	pool_add(&p, two, 1);
	assert_non_null(pool_get(&p));
	assert_non_null(pool_get(&p));
	assert_null(pool_get(&p));
	assert_int_equal(p.pages, 2);
	free(one);
	free(two);
}

static void a_page_too_many_and_a_misaligned_one_panic(void **state)
{
	char *base = new_pages(2);
	struct pool p = { 0 };

	pool_add(&p, base, 1);
	expect_assert_failure(pool_put(&p, base));
	expect_assert_failure(pool_add(&p, base + 8, 1));
	free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_come_in_rising_order_and_then_none),
		cmocka_unit_test(a_page_is_zeroed_when_it_comes_back),
		cmocka_unit_test(a_second_range_joins),
		cmocka_unit_test(a_page_too_many_and_a_misaligned_one_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
