// sources: tests/unit/fake_sched.c vmm/sched.c vmm/sched_timer.c vmm/sched_account.c
// sources: vmm/sched_lend.c vmm/sched_setup.c vmm/sched_cap.c vmm/sched_table.c vmm/place.c
// sources: vmm/runq.c vmm/timer.c vmm/mailbox.c
// flags: -include tests/unit/fake_tsc.h
/*
 * Lending: a vCPU that waits for a back end of its CPU gives it priority, slice, cap and slot, for
 * as long as it waits and no longer, whoever of the two ends meanwhile. (A service domain is served
 * by none: nobody lends on what it was lent.)
 */
#include "tests/unit/fake_sched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "vmm/mailbox.h"
#include "vmm/sched.h"
#include "vmm/sched_cpu.h"

/* One that waits for a shorter time than it works between, 100 ticks each; the third one spins. The
   back end is the last by its own priority. */
static struct actor *client, *server, *other;

static void build(unsigned priority, unsigned cap)
{
	client = machine_add(1, priority, 1000, cap);
	other = machine_add(1, 4, 1000, 0);
	server = machine_add_back_end(2, 50);
	server->think = server->work = 100;
	actor_asks(client, server, 100);
}

static int fresh(void **state)
{
	machine_fresh(state);
	build(6, 0);
	return 0;
}

static void client_ends(void)
{
	vcpu_request(&client->v, REQUEST_OFF);
}

static void client_pauses(void)
{
	sched_pause(&client->v);
}

static void client_resumes(void)
{
	sched_resume(&client->v);
}

static void server_stops(void)
{
	vcpu_request(&server->v, REQUEST_OFF);
}

static void server_starts(void)
{
	server->work = 100;
	sched_ready(&server->v);
}

static void server_wakes(void)
{
	actor_wake(server);
}

static void client_wakes(void)
{
	actor_wake(client);
}

static void who_waits_lends_its_priority(void **state)
{
	machine_measure(20000);
	assert_int_equal(client->ran, 10000);
	assert_int_equal(server->ran, 10000);
	assert_int_equal(other->ran, 0);
}

static void nothing_is_lent_to_one_that_is_not_asked(void **state)
{
	actor_works(client, 1);
	server_wakes();
	machine_measure(20000);
	assert_int_equal(server->ran, 0);
	assert_int_equal(other->ran, 20000 - 1);
}

static void answers_and_works_on(struct actor *a)
{
	actor_answer(a);
	a->work = FOREVER;
}

static void what_was_lent_ends_with_the_answer(void **state)
{
	server->act = answers_and_works_on;
	machine_play(150);
	client->think = FOREVER;
	machine_play(50);
	machine_measure(1000);
	assert_int_equal(client->served, 1);
	assert_int_equal(client->ran, 1000);
	actor_works(client, 1);
	machine_play(1);
	machine_measure(20000);
	assert_int_equal(server->ran, 0);
	assert_int_equal(other->ran, 20000);
	assert_int_equal(server->v.priority, 2);
}

static void what_was_lent_ends_with_the_lender(void **state)
{
	machine_at(150, client_ends);
	machine_play(150);
	machine_measure(20000);
	assert_int_equal(client->v.run_state, VCPU_OFF);
	assert_int_equal(server->v.run_state, VCPU_READY);
	assert_int_equal(server->ran, 0);
	assert_int_equal(other->ran, 20000);
}

static void begins_anew(void)
{
	vcpu_request(&client->v, REQUEST_OFF);
	mailbox_drain();
	client->work = FOREVER;
	sched_ready(&client->v);
}

static void a_lender_that_ends_and_begins_anew_at_once_runs_itself(void **state)
{
	machine_at(150, begins_anew);
	machine_play(150);
	machine_measure(5000);
	assert_int_equal(client->ran, 5000);
	actor_works(client, 1);
	machine_play(1);
	machine_measure(5000);
	assert_int_equal(other->ran, 5000);
}

static void a_pause_takes_back_what_was_lent_and_its_end_gives_it_again(void **state)
{
	machine_at(150, client_pauses);
	machine_play(150);
	machine_measure(5000);
	assert_int_equal(server->ran, 0);
	assert_int_equal(other->ran, 5000);
	machine_at(fake_now, client_resumes);
	machine_measure(150);
	assert_int_equal(server->ran, 50);
	assert_int_equal(client->ran, 100);
}

static void a_back_end_that_ends_is_lent_to_again_when_it_is_back(void **state)
{
	machine_at(150, server_stops);
	machine_play(150);
	machine_measure(5000);
	assert_int_equal(client->v.run_state, VCPU_BLOCKED);
	assert_int_equal(other->ran, 5000);
	machine_at(fake_now, server_starts);
	machine_measure(200);
	assert_int_equal(server->ran, 100);
	assert_int_equal(client->ran, 100);
}

static void goes_to_sleep_with_the_request_open(struct actor *a)
{
	a->v.run_state = VCPU_SLEEPING;
	a->work = 10;
	a->act = answers_and_works_on;
}

static void a_back_end_that_waits_for_its_device_is_lent_to_again_at_its_interrupt(void **state)
{
	server->act = goes_to_sleep_with_the_request_open;
	machine_at(9000, server_wakes);
	machine_play(200);
	machine_measure(8800);
	assert_int_equal(other->ran, 8800);
	machine_measure(110);
	assert_int_equal(server->ran, 10);
	assert_int_equal(client->ran, 100);
}

/* The one that runs meanwhile was alone in its level, and had no quantum to keep. */
static void a_lender_that_comes_back_shares_with_its_equals(void **state)
{
	machine_fresh(state);
	build(4, 0);
	server->act = goes_to_sleep_with_the_request_open;
	machine_at(9000, server_wakes);
	machine_play(9000);
	machine_measure(110);
	assert_int_equal(server->ran, 10);
	assert_int_equal(client->ran, 100);
}

static void a_lenders_slice_is_what_the_back_end_has(void **state)
{
	machine_fresh(state);
	build(4, 0);
	server->think = server->work = 100 * PERIOD;
	machine_play(PERIOD);
	machine_measure(10 * PERIOD);
	assert_int_equal(server->ran, 5 * PERIOD);
	assert_int_equal(other->ran, 5 * PERIOD);
}

static void a_lenders_cap_pays(void **state)
{
	machine_fresh(state);
	build(6, 20);
	actor_asks(client, server, 70);
	machine_measure(100 * PERIOD);
	assert_int_equal(client->ran + server->ran, 20 * PERIOD);
	assert_in_range(server->ran, 11 * PERIOD, 12 * PERIOD);
	assert_int_equal(server->v.cap.left, 0); /* never charged */
}

static void answers_all_and_sleeps(struct actor *a)
{
	actor_answer(a);
	a->work = 100;
	if (!a->clients)
		a->v.run_state = VCPU_SLEEPING;
}

/* The lower one's request, which came first, is done first, on the higher one's time. */
static void of_several_lenders_the_highest_counts(void **state)
{
	struct actor *low;

	machine_fresh(state);
	low = machine_add(1, 1, 1000, 0);
	build(6, 0);
	server->act = answers_all_and_sleeps;
	actor_asks(low, server, 10);
	actor_works(client, 1);
	actor_works(other, 1);
	machine_play(50);
	assert_int_equal(server->ran, 50 - 10 - 2);
	actor_asks(client, server, 2);
	client_wakes();
	actor_wake(other);
	machine_measure(62 + 2 + 100 + 1);
	assert_int_equal(server->ran, 162);
	assert_int_equal(client->served, 1);
	assert_true(low->answered);
	actor_works(client, 1);
	machine_play(1);
	machine_measure(5000);
	assert_int_equal(other->ran, 5000);
}

/* When it ends, what it lent ends, but not what the other one lends. */
static void the_lower_lender_stays_when_the_higher_one_ends(void **state)
{
	struct actor *low;

	machine_fresh(state);
	low = machine_add(1, 5, 1000, 0);
	build(6, 0);
	server->act = answers_all_and_sleeps;
	actor_asks(low, server, 10);
	actor_works(client, 1);
	machine_play(20);
	actor_asks(client, server, 2);
	client_wakes();
	machine_at(40, client_ends);
	machine_play(30);
	machine_measure(50);
	assert_int_equal(server->ran, 50);
	assert_int_equal(sched_cpu_of(0)->payer - &low->v, 0);
	machine_play(50);
	assert_int_equal(low->served, 1);
}

static struct actor *high;

static void high_wakes(void)
{
	actor_wake(high);
}

static void a_back_end_that_was_preempted_on_lent_time_stands_in_its_queue_once(void **state)
{
	struct actor *equal = machine_add(1, 2, 1000, 0);

	high = machine_add(1, 7, 1000, 0);
	actor_works(high, 1);
	actor_works(other, 1);
	server->think = server->work = FOREVER;
	machine_at(300, high_wakes);
	machine_play(400);
	assert_int_equal(high->v.run_state, VCPU_RUNNING);
	actor_works(high, 100);
	machine_at(700, client_ends);
	machine_play(600);
	machine_measure(4 * PERIOD);
	assert_in_range(server->ran, 2 * PERIOD - 1000, 2 * PERIOD + 1000);
	assert_in_range(equal->ran, 2 * PERIOD - 1000, 2 * PERIOD + 1000);
}

static struct actor *second_server;

static void second_server_wakes(void)
{
	actor_wake(second_server);
}

/* When a back end is ready again, one lender pays for another back end already, one is in the
   queue, and one has left it and comes back. */
static void a_back_end_that_wakes_disturbs_no_lender_of_another(void **state)
{
	struct actor *queued, *stranded;

	machine_fresh(state);
	queued = machine_add(1, 5, 1000, 0);
	build(6, 0);
	stranded = machine_add(1, 7, 1000, 0);
	second_server = machine_add_back_end(2, 50);
	second_server->act = goes_to_sleep_with_the_request_open;
	server->act = answers_all_and_sleeps;
	actor_works(client, 1);
	actor_works(queued, 1);
	actor_asks(stranded, second_server, 1);
	machine_play(500);
	actor_works(stranded, 1);
	stranded->think = 5;
	actor_asks(queued, server, 1);
	actor_wake(queued);
	machine_play(20);
	actor_asks(client, server, 1);
	actor_wake(client);
	client->think = FOREVER;
	machine_at(540, second_server_wakes);
	machine_measure(20);
	assert_int_equal(server->ran, 19);
	machine_measure(1000);
	assert_int_equal(stranded->served, 1);
	assert_int_equal(server->ran, 2 * 100 - 2 * 19);
	assert_int_equal(client->ran, 1000 - server->ran - 10 - 5);
	actor_works(client, 1);
	actor_works(queued, 1);
	queued->think = 1;
	machine_play(2);
	machine_measure(5000);
	assert_int_equal(queued->served, 1);
	assert_int_equal(other->ran, 5000);
}

static void a_slot_is_lent_and_nothing_outside_it(void **state)
{
	struct sched_cpu *c = sched_cpu_of(0);
	const struct sched_slot slot = { 0, 1000, &client->v, 0 };

	server->think = server->work = FOREVER - 1;
	sched_off(&client->v);
	client->v.slotted = true;
	sched_ready(&client->v);
	c->table = (struct sched_table){ &slot, 1, 4000, 0 };
	machine_measure(4000);
	assert_int_equal(client->ran, 100);
	assert_int_equal(server->ran, 900);
	assert_int_equal(other->ran, 3000);
	machine_measure(40000);
	assert_int_equal(server->ran, 10000);
	assert_int_equal(other->ran, 30000);
}

#define T(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(who_waits_lends_its_priority),
		T(nothing_is_lent_to_one_that_is_not_asked),
		T(what_was_lent_ends_with_the_answer),
		T(what_was_lent_ends_with_the_lender),
		T(a_lender_that_ends_and_begins_anew_at_once_runs_itself),
		T(a_pause_takes_back_what_was_lent_and_its_end_gives_it_again),
		T(a_back_end_that_ends_is_lent_to_again_when_it_is_back),
		T(a_back_end_that_waits_for_its_device_is_lent_to_again_at_its_interrupt),
		T(a_lender_that_comes_back_shares_with_its_equals),
		T(a_lenders_slice_is_what_the_back_end_has),
		T(a_lenders_cap_pays),
		T(of_several_lenders_the_highest_counts),
		T(the_lower_lender_stays_when_the_higher_one_ends),
		T(a_back_end_that_was_preempted_on_lent_time_stands_in_its_queue_once),
		T(a_back_end_that_wakes_disturbs_no_lender_of_another),
		T(a_slot_is_lent_and_nothing_outside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
