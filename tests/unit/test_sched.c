// sources: vmm/sched_cap.c vmm/sched_table.c vmm/place.c
/*
 * The scheduler's arithmetic: caps, the cyclic table, and which CPU a vCPU gets.
 */
#include "vmm/place.h"
#include "vmm/sched_cap.h"
#include "vmm/sched_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "lib/bits.h"

static void a_share_is_of_each_period(void **state)
{
	struct sched_cap c;

	sched_cap_init(&c, 25, 1000);
	sched_cap_renew(&c, 5300);
	assert_int_equal(c.end, 6000);
	assert_int_equal(c.left, 250);
	assert_int_equal(sched_cap_deadline(&c, 5300), 5550);
	sched_cap_charge(&c, 100, 5400);
	assert_int_equal(sched_cap_deadline(&c, 5900), 6000);
	sched_cap_charge(&c, 150, 5800);
	assert_int_equal(c.left, 0);
}

static void what_is_not_used_is_lost(void **state)
{
	struct sched_cap c;

	sched_cap_init(&c, 25, 1000);
	sched_cap_renew(&c, 5000);
	sched_cap_renew(&c, 9000);
	assert_int_equal(c.left, 250);
	assert_int_equal(c.end, 10000);
}

static void what_is_used_beyond_is_paid_back_once(void **state)
{
	struct sched_cap c;

	sched_cap_init(&c, 25, 1000);
	sched_cap_renew(&c, 0);
	sched_cap_charge(&c, 260, 500);
	assert_int_equal(c.left, -10);
	sched_cap_renew(&c, 1000);
	assert_int_equal(c.left, 240);
	sched_cap_charge(&c, 5000, 1900);
	assert_int_equal(c.left, -250);
	sched_cap_renew(&c, 2000);
	assert_int_equal(c.left, 0);
	sched_cap_renew(&c, 3000);
	assert_int_equal(c.left, 250);
}

static void short_turns_add_up_to_the_share(void **state)
{
	struct sched_cap c;
	uint64_t now = 0, ran = 0;

	sched_cap_init(&c, 30, 1000);
	while (now < 100000) {
		sched_cap_renew(&c, now);
		if (c.left <= 0) {
			now = c.end;
			continue;
		}
		now += 7;
		ran += 7;
		sched_cap_charge(&c, 7, now);
	}
	assert_in_range(ran, 29900, 30100);
}

static const struct sched_slot *at(struct sched_table *t, uint64_t now, uint64_t end)
{
	uint64_t until;
	const struct sched_slot *s = sched_table_look(t, now, &until);

	assert_int_equal(until, end);
	return s;
}

static void a_table_says_whose_time_it_is_and_until_when(void **state)
{
	struct sched_slot s[] = { { 0, 50, NULL, 0 }, { 50, 70, NULL, 1 }, { 100, 130, NULL, 2 } };
	struct sched_table t = { s, 3, 200, 1000 };

	assert_ptr_equal(at(&t, 1000, 1050), &s[0]);
	assert_ptr_equal(at(&t, 1049, 1050), &s[0]);
	assert_ptr_equal(at(&t, 1050, 1070), &s[1]);
	assert_null(at(&t, 1070, 1100));
	assert_ptr_equal(at(&t, 1129, 1130), &s[2]);
	assert_null(at(&t, 1130, 1200));
	assert_ptr_equal(at(&t, 1200, 1250), &s[0]);
}

static void frames_stay_on_their_grid(void **state)
{
	struct sched_slot s[] = { { 10, 20, NULL, 0 } };
	struct sched_table t = { s, 1, 30, 1000 };

	assert_ptr_equal(at(&t, 1000 + 30 * 1000000 + 19, 1000 + 30 * 1000000 + 20), &s[0]);
	assert_int_equal(t.begin, 1000 + 30 * 1000000);
}

static struct config c;

static struct config_domain *domain(unsigned vcpus, uint32_t flags)
{
	struct config_domain *d = &c.domain[c.domains++];

	d->vcpus = vcpus;
	d->flags = flags;
	for (unsigned i = 0; i < CONFIG_VCPUS; i++)
		d->cpu[i] = CONFIG_NONE;
	return d;
}

static int empty(void **state)
{
	memset(&c, 0, sizeof(c));
	return 0;
}

static void a_domain_spreads_and_comes_to_a_service_domain_last(void **state)
{
	domain(3, 0);
	domain(1, CONFIG_FLAG_SERVICE);
	assert_int_equal(place_build(&c, 3), 0);
	assert_int_equal(place_of(1, 0), 0);
	assert_int_equal(place_of(0, 0), 1);
	assert_int_equal(place_of(0, 1), 2);
	assert_int_equal(place_of(0, 2), 0);
	place_build(&c, 2);
	assert_int_equal(place_of(0, 0), 1);
	assert_int_equal(place_of(0, 1), 0);
	assert_int_equal(place_of(0, 2), 1);
	place_build(&c, 1);
	assert_int_equal(place_of(0, 2), 0);
}

static void without_a_service_domain_the_emptiest_cpu_is_next(void **state)
{
	domain(1, 0);
	domain(2, 0)->cpu[1] = 1;
	domain(1, 0);
	domain(1, 0);
	place_build(&c, 2);
	assert_int_equal(place_of(0, 0), 0);
	assert_int_equal(place_of(1, 0), 0);
	assert_int_equal(place_of(1, 1), 1);
	assert_int_equal(place_of(2, 0), 1);
	assert_int_equal(place_of(3, 0), 0);
}

static void small_guests_leave_a_service_domain_its_cpu(void **state)
{
	domain(1, CONFIG_FLAG_SERVICE);
	for (unsigned i = 1; i < 4; i++)
		domain(1, 0);
	place_build(&c, 2);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(place_of(i, 0), 1);
}

static void a_cpu_that_the_machine_lacks_is_as_if_not_named(void **state)
{
	domain(1, 0)->cpu[0] = 7;
	place_build(&c, 2);
	assert_in_range(place_of(0, 0), 0, 1);
}

static void nobody_else_comes_to_a_cpu_of_a_dedicated_domain(void **state)
{
	domain(1, CONFIG_FLAG_SERVICE);
	domain(1, CONFIG_FLAG_DEDICATED)->cpu[0] = 1;
	domain(2, CONFIG_FLAG_DEDICATED);
	domain(3, 0);
	assert_int_equal(place_build(&c, 6), 0);
	assert_int_equal(place_of(1, 0), 1);
	assert_int_equal(place_of(2, 0), 5);
	assert_int_equal(place_of(2, 1), 4);
	assert_int_equal(place_of(3, 0), 2);
	assert_int_equal(place_of(3, 1), 3);
	assert_int_equal(place_of(3, 2), 0);
}

static void with_too_few_cpus_a_dedicated_domain_shares(void **state)
{
	domain(1, CONFIG_FLAG_SERVICE);
	domain(2, CONFIG_FLAG_DEDICATED);
	domain(1, 0);
	assert_int_equal(place_build(&c, 2), BIT(1));
	assert_int_equal(place_of(1, 0), 1);
	assert_int_equal(place_of(1, 1), 0);
	assert_int_equal(place_of(2, 0), 1);
	assert_int_equal(place_build(&c, 1), BIT(1));
}

static void a_slot_names_the_cpu(void **state)
{
	domain(1, 0);
	domain(2, 0);
	c.slots = 1;
	c.slot[0] = (struct config_slot){ .cpu = 1, .domain = 1, .vcpu = 1 };
	place_build(&c, 2);
	assert_int_equal(place_of(1, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_is_of_each_period),
		cmocka_unit_test(what_is_not_used_is_lost),
		cmocka_unit_test(what_is_used_beyond_is_paid_back_once),
		cmocka_unit_test(short_turns_add_up_to_the_share),
		cmocka_unit_test(a_table_says_whose_time_it_is_and_until_when),
		cmocka_unit_test(frames_stay_on_their_grid),
		cmocka_unit_test_setup(a_domain_spreads_and_comes_to_a_service_domain_last, empty),
		cmocka_unit_test_setup(without_a_service_domain_the_emptiest_cpu_is_next, empty),
		cmocka_unit_test_setup(small_guests_leave_a_service_domain_its_cpu, empty),
		cmocka_unit_test_setup(a_cpu_that_the_machine_lacks_is_as_if_not_named, empty),
		cmocka_unit_test_setup(nobody_else_comes_to_a_cpu_of_a_dedicated_domain, empty),
		cmocka_unit_test_setup(with_too_few_cpus_a_dedicated_domain_shares, empty),
		cmocka_unit_test_setup(a_slot_names_the_cpu, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
