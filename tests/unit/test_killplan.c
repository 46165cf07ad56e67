// sources: guests/service/killplan.c
/* The plan of a campaign's deaths: the same for the same seed, and every point has its turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guests/service/killplan.h"

#define NAMES 14

static const struct killplan_words words = {
	.seed = 7,
	.doorbells = 24,
	.ns = 1000,
	.early_ns = 500,
	.resets = 300,
	.names = NAMES,
	.setups = 5,
};

static void the_same_seed_gives_the_same_deaths(void **state)
{
	struct killplan_words other = words;
	unsigned differences = 0;

	other.seed = 8;
	for (unsigned i = 1; i < 100; i++) {
		struct killplan a, b, c;

		killplan_make(&a, &words, i);
		killplan_make(&b, &words, i);
		killplan_make(&c, &other, i);
		assert_memory_equal(&a, &b, sizeof(a));
		differences += memcmp(&a, &c, sizeof(a)) != 0;
	}
	assert_true(differences > 50);
}

static void both_sides_of_every_point_have_their_turn(void **state)
{
	unsigned seen[NAMES][2] = { 0 };
	struct killplan p;

	for (unsigned i = 301; i < 1300; i++) {
		killplan_make(&p, &words, i);
		if (p.named)
			seen[p.name][p.after]++;
	}
	for (unsigned i = 0; i < NAMES; i++)
		assert_true(seen[i][0] >= 5 && seen[i][1] >= 5);
}

static void a_fifth_of_the_timers_run_from_the_start(void **state)
{
	struct killplan p;
	unsigned early = 0;

	for (unsigned i = 1; i < 1000; i++) {
		killplan_make(&p, &words, i);
		early += !p.named && !p.doorbells && p.ns < words.early_ns;
	}
	assert_in_range(early, 100, 300);
}

static void after_a_reset_comes_a_point_of_the_guests_start(void **state)
{
	struct killplan before, p;
	unsigned resets = 0;

	for (unsigned i = 2; i < 400; i++) {
		killplan_make(&before, &words, i - 1);
		killplan_make(&p, &words, i);
		assert_int_equal(p.setup, before.reset);
		assert_true(!p.setup || (p.named && !p.doorbells && p.name < words.setups));
		assert_true(!p.reset || i <= words.resets);
		resets += before.reset;
	}
	assert_in_range(resets, 80, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_deaths),
		cmocka_unit_test(both_sides_of_every_point_have_their_turn),
		cmocka_unit_test(a_fifth_of_the_timers_run_from_the_start),
		cmocka_unit_test(after_a_reset_comes_a_point_of_the_guests_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
