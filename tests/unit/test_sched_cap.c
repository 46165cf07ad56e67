// sources: tests/unit/fake_sched.c vmm/sched.c vmm/sched_timer.c vmm/sched_account.c
// sources: vmm/sched_lend.c vmm/sched_setup.c vmm/sched_cap.c vmm/sched_table.c vmm/place.c
// sources: vmm/runq.c vmm/timer.c vmm/mailbox.c
// flags: -include tests/unit/fake_tsc.h
/*
 * Caps and budgets as vCPUs meet them: what they get of the CPU, when they rest and when they come
 * back, and what becomes of that when time jumps.
 */
#include "tests/unit/fake_sched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SHARE (PERIOD / 4) /* of a cap of 25 % */

static struct actor *a;
static uint64_t jump;

static void time_jumps(void)
{
	fake_now += jump;
}

static void a_wakes(void)
{
	actor_wake(a);
}

static void a_ends(void)
{
	vcpu_request(&a->v, REQUEST_OFF);
}

static void an_idle_cpu_does_not_lift_a_cap(void **state)
{
	a = machine_add(1, 4, 500, 30);
	machine_measure(100 * PERIOD);
	assert_int_equal(a->ran, 30 * PERIOD);
}

static void a_share_comes_anew_with_each_period_and_not_before(void **state)
{
	a = machine_add(1, 4, 500, 25);
	for (unsigned period = 0; period < 5; period++) {
		machine_measure(SHARE);
		assert_int_equal(a->ran, SHARE);
		machine_measure(PERIOD - SHARE);
		assert_int_equal(a->ran, 0);
	}
}

static void each_vcpu_has_a_cap_of_its_own(void **state)
{
	struct actor *three = machine_add(3, 4, 500, 20), *other = machine_add(1, 4, 500, 0);

	machine_measure(100 * PERIOD);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(three[i].ran, 20 * PERIOD);
	assert_int_equal(other->ran, 40 * PERIOD);
	actor_works(&three[1], 1);
	machine_play(PERIOD);
	machine_measure(100 * PERIOD);
	assert_int_equal(three[0].ran, 20 * PERIOD);
	assert_int_equal(three[1].ran, 0);
	assert_int_equal(other->ran, 60 * PERIOD);
}

static void caps_of_more_than_all_are_shared_by_quantum(void **state)
{
	struct actor *four = machine_add(4, 4, 500, 60);

	machine_measure(100 * PERIOD);
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(four[i].ran, 24 * PERIOD, 26 * PERIOD);
}

static void who_has_spent_its_share_leaves_the_cpu_to_lower_ones(void **state)
{
	struct actor *low = machine_add(1, 1, 500, 0);

	a = machine_add(1, 6, 500, 25);
	machine_measure(SHARE);
	assert_int_equal(a->ran, SHARE);
	machine_measure(PERIOD - SHARE);
	assert_int_equal(low->ran, PERIOD - SHARE);
	machine_measure(SHARE);
	assert_int_equal(a->ran, SHARE);
}

static void each_period_is_a_turn_of_its_own(void **state)
{
	struct actor *others = machine_add(2, 4, PERIOD / 2, 0);

	a = machine_add(1, 4, SHARE * 3 / 2, 25);
	machine_play(2 * PERIOD);
	for (unsigned period = 0; period < 20; period++) {
		machine_measure(PERIOD);
		assert_int_equal(a->ran, SHARE);
	}
	assert_in_range(others[0].ran + others[1].ran, PERIOD - SHARE, PERIOD - SHARE);
}

static void what_was_not_used_is_lost(void **state)
{
	a = machine_add(1, 4, 500, 25);
	actor_works(a, 100);
	machine_at(5 * PERIOD + 10, a_wakes);
	machine_play(5 * PERIOD);
	machine_measure(PERIOD);
	assert_int_equal(a->ran, SHARE);
}

static void who_sleeps_with_its_share_spent_wakes_in_the_next_period(void **state)
{
	a = machine_add(1, 4, 500, 25);
	actor_works(a, SHARE);
	machine_at(SHARE + 100, a_wakes);
	machine_play(SHARE + 50);
	machine_measure(PERIOD - SHARE - 50);
	assert_int_equal(a->ran, 0);
	machine_measure(SHARE);
	assert_int_equal(a->ran, SHARE);
}

static void a_turn_over_the_end_of_a_period_goes_on_with_the_next_share(void **state)
{
	a = machine_add(1, 4, 500, 25);
	actor_works(a, 100);
	machine_at(2 * PERIOD - 1000, a_wakes);
	machine_play(2 * PERIOD - 1000);
	machine_measure(1000 + SHARE);
	assert_int_equal(a->ran, 1000 + SHARE);
	machine_measure(PERIOD - SHARE);
	assert_int_equal(a->ran, 0);
}

static void who_ends_with_its_share_spent_does_not_come_back_with_the_period(void **state)
{
	a = machine_add(1, 4, 500, 25);
	machine_at(SHARE + 100, a_ends);
	machine_measure(4 * PERIOD);
	assert_int_equal(a->ran, SHARE);
	assert_int_equal(a->v.run_state, VCPU_OFF);
}

/* Time that is gone all at once: the machine was held, or counts on where it should stand still. */
static void a_jump_counts_as_used_and_is_paid_back_in_one_period(void **state)
{
	a = machine_add(1, 4, 500, 25);
	jump = PERIOD - 1100;
	machine_at(1000, time_jumps);
	machine_measure(PERIOD - jump);
	assert_int_equal(a->ran, 1000);
	machine_measure(PERIOD);
	assert_int_equal(a->ran, 0);
	machine_measure(PERIOD);
	assert_int_equal(a->ran, SHARE);
}

static void a_jump_over_periods_owes_nothing_and_brings_no_more_than_a_share(void **state)
{
	a = machine_add(1, 4, 500, 25);
	for (unsigned spent = 0; spent < 2; spent++) {
		jump = 1000 * PERIOD;
		machine_at(fake_now + (spent ? SHARE + 1000 : 1000), time_jumps);
		machine_play(spent ? SHARE + 1000 : 1000);
		machine_measure(PERIOD - fake_now % PERIOD);
		assert_int_equal(a->ran, SHARE);
		machine_measure(100 * PERIOD);
		assert_int_equal(a->ran, 25 * PERIOD);
	}
}

static void a_jump_into_a_period_leaves_its_grid_as_it_is(void **state)
{
	a = machine_add(1, 4, 500, 25);
	jump = 7 * PERIOD + 6000;
	machine_at(SHARE + 1000, time_jumps);
	machine_play(SHARE + 1000);
	machine_play(8 * PERIOD - fake_now);
	for (unsigned period = 0; period < 3; period++) {
		machine_measure(SHARE);
		assert_int_equal(a->ran, SHARE);
		machine_measure(PERIOD - SHARE);
		assert_int_equal(a->ran, 0);
	}
}

static void spins_on(struct actor *of)
{
	of->work = FOREVER;
}

static struct actor *busy_back_end(unsigned priority, unsigned budget)
{
	struct actor *s = machine_add_back_end(priority, budget);

	s->act = spins_on;
	actor_wake(s);
	return s;
}

static void a_back_end_goes_on_at_its_clients_priority_beyond_its_budget(void **state)
{
	struct actor *s = busy_back_end(6, 20), *client = machine_add(1, 4, 1000, 0);
	struct actor *low = machine_add(1, 3, 500, 0);

	actor_asks(client, s, FOREVER);
	machine_measure(PERIOD);
	assert_int_equal(s->ran, 6 * PERIOD / 10);
	assert_int_equal(client->ran, 4 * PERIOD / 10);
	assert_int_equal(low->ran, 0);
}

/* Which it pays back, as others do. */
static void a_back_end_that_is_always_busy_is_its_clients_equal(void **state)
{
	struct actor *s = busy_back_end(6, 20), *client = machine_add(1, 4, 1000, 0);

	actor_asks(client, s, FOREVER);
	machine_play(PERIOD);
	machine_measure(100 * PERIOD);
	assert_int_equal(s->ran, 50 * PERIOD);
	assert_int_equal(client->ran, 50 * PERIOD);
	actor_works(s, 1);
	machine_play(3 * PERIOD);
	actor_wake(s);
	machine_measure(PERIOD / 5);
	assert_int_equal(s->ran, PERIOD / 5);
}

static void a_back_end_is_never_above_its_own_priority(void **state)
{
	struct actor *s = busy_back_end(2, 20), *client = machine_add(1, 6, 500, 0);
	struct actor *other = machine_add(1, 3, 500, 0);

	actor_asks(client, s, FOREVER);
	actor_works(client, 1);
	actor_works(other, 1);
	machine_play(PERIOD / 2);
	actor_wake(other);
	machine_measure(PERIOD / 2 - 1);
	assert_int_equal(s->ran, 0);
	machine_measure(PERIOD);
	assert_int_equal(s->ran, 0);
	assert_int_equal(other->ran, PERIOD);
}

static void a_back_end_without_clients_is_last_beyond_its_budget(void **state)
{
	struct actor *s = busy_back_end(6, 20), *other = machine_add(1, 1, 500, 0);

	machine_measure(100 * PERIOD);
	assert_int_equal(s->ran, 20 * PERIOD);
	assert_int_equal(other->ran, 80 * PERIOD);
	actor_works(other, 1);
	machine_play(PERIOD);
	machine_measure(100 * PERIOD);
	assert_int_equal(s->ran, 100 * PERIOD);
}

static void sleeps_for_no_time(struct actor *of)
{
	of->work = 500;
	of->v.run_state = VCPU_SLEEPING;
	actor_wake(of);
}

static void a_back_end_that_is_woken_as_its_budget_ends_goes_on(void **state)
{
	struct actor *s = busy_back_end(6, 20);

	s->work = 500;
	s->act = sleeps_for_no_time;
	machine_measure(10 * PERIOD);
	assert_int_equal(s->ran, 10 * PERIOD);
}

static void the_budget_of_one_that_names_none_is_half(void **state)
{
	struct actor *s = busy_back_end(6, 0), *other = machine_add(1, 1, 500, 0);

	machine_measure(100 * PERIOD);
	assert_int_equal(s->ran, 50 * PERIOD);
	assert_int_equal(other->ran, 50 * PERIOD);
}

#define T(name) cmocka_unit_test_setup(name, machine_fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_idle_cpu_does_not_lift_a_cap),
		T(a_share_comes_anew_with_each_period_and_not_before),
		T(each_vcpu_has_a_cap_of_its_own),
		T(caps_of_more_than_all_are_shared_by_quantum),
		T(who_has_spent_its_share_leaves_the_cpu_to_lower_ones),
		T(each_period_is_a_turn_of_its_own),
		T(what_was_not_used_is_lost),
		T(who_sleeps_with_its_share_spent_wakes_in_the_next_period),
		T(a_turn_over_the_end_of_a_period_goes_on_with_the_next_share),
		T(who_ends_with_its_share_spent_does_not_come_back_with_the_period),
		T(a_jump_counts_as_used_and_is_paid_back_in_one_period),
		T(a_jump_over_periods_owes_nothing_and_brings_no_more_than_a_share),
		T(a_jump_into_a_period_leaves_its_grid_as_it_is),
		T(a_back_end_goes_on_at_its_clients_priority_beyond_its_budget),
		T(a_back_end_that_is_always_busy_is_its_clients_equal),
		T(a_back_end_is_never_above_its_own_priority),
		T(a_back_end_without_clients_is_last_beyond_its_budget),
		T(a_back_end_that_is_woken_as_its_budget_ends_goes_on),
		T(the_budget_of_one_that_names_none_is_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
