// sources: guests/service/rate.c
/* Limits of a device: what passes at once, what must wait, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guests/service/rate.h"

#define SECOND 1000000000ul
#define START  (5 * SECOND)

/* Takes requests of `bytes` as fast as allowed until `end`; returns how many. */
static uint64_t take_until(struct rate *r, uint64_t bytes, uint64_t now, uint64_t end)
{
	for (uint64_t n = 0;; n++) {
		now = rate_ready(r, now);
		if (now >= end)
			return n;
		rate_charge(r, bytes, now);
	}
}

static void without_limits_all_passes(void **state)
{
	struct rate r;

	rate_init(&r, 0, 0);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(rate_ready(&r, START), START);
		rate_charge(&r, ~0ul, START);
	}
}

static void requests_keep_to_their_rate(void **state)
{
	struct rate r;
	uint64_t n;

	rate_init(&r, 0, 1000);
	n = take_until(&r, 1 << 20, START, START + 10 * SECOND);
	assert_in_range(n, 10000, 10000 + 1000 / 50 + 1);
}

static void bytes_keep_to_their_rate(void **state)
{
	struct rate r;
	uint64_t n;

	rate_init(&r, 1000000, 0);
	n = take_until(&r, 1000, START, START + 10 * SECOND);
	assert_in_range(n, 10000, 10000 + 1000 / 50 + 1);
}

static void the_narrower_limit_decides(void **state)
{
	struct rate r;

	rate_init(&r, 1000000, 10);
	assert_in_range(take_until(&r, 1000, START, START + 10 * SECOND), 100, 102);
	rate_init(&r, 1000, 1000000);
	assert_in_range(take_until(&r, 1000, START, START + 10 * SECOND), 10, 12);
}

static void time_that_was_not_used_gives_one_burst_only(void **state)
{
	struct rate r;
	uint64_t n;

	rate_init(&r, 0, 1000);
	rate_charge(&r, 0, START);
	n = take_until(&r, 0, START + 1000 * SECOND, START + 1000 * SECOND + 1);
	assert_in_range(n, 20, 21);
}

static void a_request_beyond_the_burst_passes_and_is_paid_off(void **state)
{
	struct rate r;

	rate_init(&r, 1000, 0);
	rate_charge(&r, 4000, START);
	assert_int_equal(rate_ready(&r, START), START + 4 * SECOND - RATE_BURST_NS);
}

static void huge_requests_do_not_wrap(void **state)
{
	struct rate r;

	rate_init(&r, 1, 1);
	rate_charge(&r, ~0ul, START);
	assert_true(rate_ready(&r, START) > START + 1000 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_limits_all_passes),
		cmocka_unit_test(requests_keep_to_their_rate),
		cmocka_unit_test(bytes_keep_to_their_rate),
		cmocka_unit_test(the_narrower_limit_decides),
		cmocka_unit_test(time_that_was_not_used_gives_one_burst_only),
		cmocka_unit_test(a_request_beyond_the_burst_passes_and_is_paid_off),
		cmocka_unit_test(huge_requests_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
