/*
 * Events: bits, mask, summary, wake-ups, and the wait.
 */
// sources: vmm/event.c vmm/hc_event.c vmm/cap.c tests/unit/fake_domains.c mm/pool.c
#include "vmm/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/fake_devices.h"
#include "tests/unit/fake_domains.h"
#include "vmm/cap.h"
#include "vmm/hypercall.h"
#include "vmm/run.h"

static uint64_t deadline;
static bool interrupt;

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
	t->fire = fire;
}

void timer_set(struct timer *t, uint64_t at)
{
	deadline = at;
}

bool run_may_wake(struct vcpu *v)
{
	return interrupt;
}

static struct domain *d;
static struct hv_event_page *page;

static int build(void **state)
{
	fake_domains_reset();
	interrupt = false;
	d = &fake_domains[OTHER];
	event_build(d);
	caps_build();
	page = d->vcpu[0]->events;
	return 0;
}

static enum verdict wait(uint64_t until, int64_t *result)
{
	return hc_event_wait(d->vcpu[0], (uint64_t[5]){ until }, result);
}

static void an_event_becomes_pending_and_wakes_once(void **state)
{
	event_set(d, 70);
	assert_int_equal(page->pending[1], 1u << 6);
	assert_int_equal(page->summary, 2);
	assert_int_equal(fake_wakes[OTHER], 1);
	event_set(d, 70);
	assert_int_equal(fake_wakes[OTHER], 1);
	assert_true(event_pending(d->vcpu[0]));
}

static void a_masked_event_waits_for_unmask(void **state)
{
	page->mask[0] = 1u << 9;
	event_set(d, 9);
	assert_int_equal(fake_wakes[OTHER], 0);
	assert_int_equal(page->summary, 0);
	assert_false(event_pending(d->vcpu[0]));
	event_unmask(d->vcpu[0], 9);
	assert_int_equal(fake_wakes[OTHER], 1);
	assert_int_equal(page->summary, 1);
}

static void none_and_domains_without_a_page_are_ignored(void **state)
{
	event_set(d, HV_EVENT_NONE);
	event_set(d, HV_EVENTS);
	event_set(&fake_domains[GUEST], 9);
	assert_int_equal(fake_wakes[OTHER] + fake_wakes[GUEST], 0);
}

static void the_vector_is_raised(void **state)
{
	int64_t result;

	hc_event_vector(d->vcpu[0], (uint64_t[5]){ 31 }, &result);
	assert_int_equal(result, HV_ERR_INVAL);
	hc_event_vector(d->vcpu[0], (uint64_t[5]){ 77 }, &result);
	assert_int_equal(result, 0);
	assert_int_equal(fake_posted[OTHER], -1);
	event_set(d, 9);
	assert_int_equal(fake_posted[OTHER], 77);
}

static void a_restart_keeps_what_is_pending_and_clears_masks(void **state)
{
	event_set(d, 100);
	page->mask[1] = ~0ull;
	page->summary = 0;
	d->vcpu[0]->event_vector = 40;
	event_reset(d->vcpu[0]);
	assert_true(event_pending(d->vcpu[0]));
	assert_true(page->summary & 2);
	assert_int_equal(d->vcpu[0]->event_vector, 0);
	/* But not the power button of before. */
	event_set(d, HV_EVENT_SHUTDOWN);
	event_reset(d->vcpu[0]);
	assert_false(page->pending[HV_EVENT_SHUTDOWN / 64] & BIT(HV_EVENT_SHUTDOWN % 64));
}

static void waiting_ends_by_event_deadline_or_interrupt(void **state)
{
	int64_t result;

	assert_int_equal(wait(~0ull, &result), VERDICT_BLOCK);
	assert_int_equal(deadline, TIMER_NEVER);
	assert_int_equal(wait(~0ull >> 8, &result), VERDICT_BLOCK);
	assert_int_equal(deadline, ~0ull >> 8);
	assert_int_equal(wait(0, &result), VERDICT_DONE);
	assert_int_equal(result, 0);
	interrupt = true;
	assert_int_equal(wait(~0ull, &result), VERDICT_DONE);
	assert_int_equal(result, 0);
	interrupt = false;
	event_set(d, 8);
	assert_int_equal(wait(~0ull, &result), VERDICT_DONE);
	assert_int_equal(result, 1);
}

static void the_deadline_is_the_guests_time(void **state)
{
	int64_t result;

	d->vcpu[0]->tsc_offset = -1000ull;
	assert_int_equal(wait(~0ull >> 8, &result), VERDICT_BLOCK);
	assert_int_equal(deadline, (~0ull >> 8) + 1000);
}

static void sending_needs_the_capability(void **state)
{
	const struct hv_cap *own = cap_find(d, HV_CAP_EVENT, OTHER);
	int64_t result;

	hc_event_send(d->vcpu[0], (uint64_t[5]){ own->handle }, &result);
	assert_int_equal(result, 0);
	assert_true(fake_take_event(OTHER, own->detail));
	hc_event_send(d->vcpu[0], (uint64_t[5]){ own->handle + 1 }, &result);
	assert_int_equal(result, HV_ERR_BADCAP);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, build)
	const struct CMUnitTest tests[] = {
		TEST(an_event_becomes_pending_and_wakes_once),
		TEST(a_masked_event_waits_for_unmask),
		TEST(none_and_domains_without_a_page_are_ignored),
		TEST(the_vector_is_raised),
		TEST(a_restart_keeps_what_is_pending_and_clears_masks),
		TEST(waiting_ends_by_event_deadline_or_interrupt),
		TEST(the_deadline_is_the_guests_time),
		TEST(sending_needs_the_capability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
