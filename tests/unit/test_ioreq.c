/*
 * Ioreqs from both ends: a guest's access, its slot, the answer; and what must not pass for one.
 */
// sources: vmm/ioreq.c vmm/ioreq_set.c vmm/ranges.c vmm/hc_ioreq.c vmm/event.c vmm/cap.c
// sources: mm/pool.c tests/unit/fake_domains.c
#include "vmm/ioreq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "abi/platform.h"
#include "tests/unit/fake_devices.h"
#include "tests/unit/fake_domains.h"
#include "vmm/cap.h"
#include "vmm/event.h"
#include "vmm/hypercall.h"
#include "vmm/vioapic.h"
#include "vmm/vline.h"
#include "vmm/vmsi.h"

#define MMIO     0xc0000000ull
#define DOORBELL 100u

static uint64_t raised_address;
static unsigned line_gsi, line_watched;

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
}

void timer_set(struct timer *t, uint64_t at)
{
}

enum err vmsi_deliver(struct domain *d, uint64_t address, uint32_t data)
{
	raised_address = address;
	return OK;
}

void vioapic_set_line(struct domain *d, unsigned gsi, bool level)
{
	line_gsi = gsi;
}

bool vline_waits(const struct domain *d, unsigned line)
{
	return false;
}

void vioapic_raise(struct domain *d, unsigned gsi, struct domain *by, unsigned event)
{
	line_watched = event;
}

static struct vcpu *v;
static struct hv_ioreq *slot;
static uint32_t cap, event;

static int build(void **state)
{
	fake_domains_reset();
	event_build(&fake_domains[SERVER]);
	caps_build();
	ioreq_build();
	v = &fake_vcpus[GUEST];
	slot = &fake_domains[GUEST].ioreqs->link[0].page->slot[0];
	cap = cap_find(&fake_domains[SERVER], HV_CAP_IOREQ, GUEST)->handle;
	event = cap_find(&fake_domains[SERVER], HV_CAP_IOREQ, GUEST)->event;
	return 0;
}

static int64_t call(hypercall_fn *fn, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	int64_t result = 1;

	assert_int_equal(fn(&fake_vcpus[SERVER], (uint64_t[5]){ a, b, c, d, e }, &result),
			 VERDICT_DONE);
	return result;
}

static int64_t add(uint64_t kind, uint64_t base, uint64_t bytes)
{
	return call(hc_range_add, cap, kind, base, bytes, DOORBELL);
}

/* What the guest's access comes to: a verdict, or -1 where no range has it. */
static int access(bool write, uint64_t address, unsigned size, uint64_t *data)
{
	struct io_access a = { .address = address, .data = *data, .size = size, .write = write };
	enum verdict verdict;

	if (!ioreq_access(v, HV_IOREQ_MEMORY, &a, &verdict))
		return -1;
	*data = a.data;
	return verdict;
}

static void answer(uint64_t data)
{
	slot->data = data;
	slot->answered = slot->sequence;
	slot->state = HV_IOREQ_COMPLETE;
}

static void an_access_is_asked_answered_and_done(void **state)
{
	uint64_t data = 0;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(access(false, MMIO + 8, 2, &data), VERDICT_BLOCK);
	assert_int_equal(slot->state, HV_IOREQ_PENDING);
	assert_int_equal(slot->address, MMIO + 8);
	assert_int_equal(slot->size, 2);
	assert_true(fake_take_event(SERVER, event));
	assert_int_equal(access(false, MMIO + 8, 2, &data), VERDICT_BLOCK);
	slot->state = HV_IOREQ_PROCESSING;
	assert_int_equal(access(false, MMIO + 8, 2, &data), VERDICT_BLOCK);
	answer(0x123456);
	assert_int_equal(call(hc_ioreq_done, cap, 0, 0, 0, 0), 0);
	assert_true(fake_requests[GUEST] & REQUEST_ANSWER);
	assert_int_equal(access(false, MMIO + 8, 2, &data), VERDICT_DONE);
	assert_int_equal(data, 0x3456);
	assert_int_equal(slot->state, HV_IOREQ_FREE);
}

static void an_answer_to_another_request_is_asked_again(void **state)
{
	uint64_t data = 7;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(access(true, MMIO, 4, &data), VERDICT_BLOCK);
	slot->answered = slot->sequence - 1;
	slot->state = HV_IOREQ_COMPLETE;
	assert_int_equal(access(true, MMIO, 4, &data), VERDICT_BLOCK);
	assert_int_equal(slot->state, HV_IOREQ_PENDING);
	answer(0);
	assert_int_equal(access(true, MMIO, 4, &data), VERDICT_DONE);
}

static void a_slot_that_a_back_end_has_spoilt_is_filled_again(void **state)
{
	static const uint32_t states[] = { HV_IOREQ_FREE, 4, 0xffffffff };
	uint64_t data = 9;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(access(true, MMIO, 4, &data), VERDICT_BLOCK);
	for (unsigned i = 0; i < 3; i++) {
		slot->state = states[i];
		slot->answered = v->io.sequence;
		slot->address = slot->data = slot->sequence = 0x55;
		assert_int_equal(access(true, MMIO, 4, &data), VERDICT_BLOCK);
		assert_int_equal(slot->state, HV_IOREQ_PENDING);
		assert_int_equal(slot->address, MMIO);
		assert_int_equal(slot->data, 9);
	}
}

static void cancel_frees_the_slot_and_a_late_answer_is_dropped(void **state)
{
	uint64_t data = 0;
	uint32_t late;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(access(false, MMIO, 4, &data), VERDICT_BLOCK);
	late = slot->sequence;
	ioreq_cancel(v);
	assert_int_equal(slot->state, HV_IOREQ_FREE);
	assert_int_equal(access(false, MMIO + 4, 4, &data), VERDICT_BLOCK);
	assert_int_not_equal(slot->sequence, late);
	slot->data = 0xbad;
	slot->answered = late;
	slot->state = HV_IOREQ_COMPLETE;
	assert_int_equal(access(false, MMIO + 4, 4, &data), VERDICT_BLOCK);
	assert_int_equal(slot->state, HV_IOREQ_PENDING);
}

static void a_doorbell_is_an_event_and_reads_as_ones(void **state)
{
	uint64_t data = 0;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(add(HV_RANGE_MEMORY | HV_RANGE_DOORBELL, MMIO + 0x100, 4), 0);
	assert_int_equal(access(true, MMIO + 0x100, 2, &data), VERDICT_DONE);
	assert_true(fake_take_event(SERVER, DOORBELL));
	assert_int_equal(slot->state, HV_IOREQ_FREE);
	assert_int_equal(access(false, MMIO + 0x100, 2, &data), VERDICT_DONE);
	assert_int_equal(data, 0xffff);
	assert_false(fake_take_event(SERVER, DOORBELL));
}

static void a_dead_back_end_leaves_ranges_doorbells_and_requests(void **state)
{
	uint64_t data = 0;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(add(HV_RANGE_MEMORY | HV_RANGE_DOORBELL, MMIO + 0x100, 4), 0);
	assert_int_equal(access(false, MMIO, 4, &data), VERDICT_BLOCK);
	slot->state = HV_IOREQ_PROCESSING;
	fake_take_event(SERVER, event);
	ioreq_backend_died(&fake_domains[SERVER]);
	assert_int_equal(slot->state, HV_IOREQ_PENDING);
	assert_int_equal(access(true, MMIO + 0x100, 2, &data), VERDICT_DONE);
	fake_domains[SERVER].incarnation++;
	ioreq_backend_starts(&fake_domains[SERVER]);
	assert_true(fake_take_event(SERVER, event));
	assert_true(fake_take_event(SERVER, DOORBELL));
	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(add(HV_RANGE_MEMORY | HV_RANGE_DOORBELL, MMIO + 0x100, 4), 0);
}

static void an_answer_that_was_not_announced_survives_its_back_end(void **state)
{
	uint64_t data = 0;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	assert_int_equal(access(false, MMIO, 4, &data), VERDICT_BLOCK);
	answer(5);
	ioreq_backend_died(&fake_domains[SERVER]);
	assert_true(fake_requests[GUEST] & REQUEST_ANSWER);
	assert_int_equal(access(false, MMIO, 4, &data), VERDICT_DONE);
	assert_int_equal(data, 5);
}

static void a_dead_guest_has_no_ranges(void **state)
{
	uint64_t data = 0;

	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0x1000), 0);
	ioreq_guest_died(&fake_domains[GUEST]);
	assert_int_equal(access(false, MMIO, 4, &data), -1);
	assert_int_equal(call(hc_range_remove, cap, HV_RANGE_MEMORY, MMIO, 0, 0), HV_ERR_NOENT);
}

static void ranges_over_ram_and_the_platform_are_refused(void **state)
{
	assert_int_equal(add(HV_RANGE_MEMORY, 0x7ff000, 0x1000), HV_ERR_EXISTS);
	assert_int_equal(add(HV_RANGE_MEMORY, 0x800000, 0x1000), 0);
	assert_int_equal(add(HV_RANGE_MEMORY, HV_GUEST_ECAM, 0x1000), HV_ERR_EXISTS);
	assert_int_equal(add(HV_RANGE_MEMORY, HV_GUEST_LAPIC, 4), HV_ERR_EXISTS);
	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, 0), HV_ERR_INVAL);
	assert_int_equal(add(HV_RANGE_MEMORY, MMIO, ~0ull), HV_ERR_INVAL);
	assert_int_equal(add(HV_RANGE_PORT, 0xcf8, 4), HV_ERR_EXISTS);
	assert_int_equal(add(HV_RANGE_PORT, 0x3f0, 9), HV_ERR_EXISTS);
	assert_int_equal(add(HV_RANGE_PORT, 0xfff0, 0x11), HV_ERR_INVAL);
	assert_int_equal(add(HV_RANGE_PORT, 0xc000, 0x100), 0);
	assert_int_equal(add(2, 0xc000, 0x100), HV_ERR_INVAL);
	assert_int_equal(
		call(hc_range_add, cap, HV_RANGE_PORT | HV_RANGE_DOORBELL, 0xc200, 4, HV_EVENTS),
		HV_ERR_INVAL);
}

static void interrupts_and_answers_are_checked(void **state)
{
	uint32_t irq = cap_find(&fake_domains[SERVER], HV_CAP_INTERRUPT, GUEST)->handle;

	assert_int_equal(call(hc_ioreq_done, cap, 1, 0, 0, 0), HV_ERR_INVAL);
	assert_int_equal(call(hc_ioreq_done, irq, 0, 0, 0, 0), HV_ERR_BADCAP);
	assert_int_equal(call(hc_irq_raise, irq, 0xfee00000, 1ull << 32, 0, 0), HV_ERR_INVAL);
	assert_int_equal(call(hc_irq_raise, irq, 0xfee00000, 0x41, 0, 0), 0);
	assert_int_equal(raised_address, 0xfee00000);
	assert_int_equal(call(hc_line_set, irq, HV_GSI_COUNT, 1, 0, 0), HV_ERR_INVAL);
	assert_int_equal(call(hc_line_set, irq, 9, 1, 0, 0), 0);
	assert_int_equal(line_gsi, 9);
	assert_int_equal(call(hc_line_set, irq, 9, HV_LINE_EVENT(70) | 1, 0, 0), 0);
	assert_int_equal(line_watched, 70);
	assert_int_equal(call(hc_line_set, irq, 9, HV_LINE_EVENT(70), 0, 0), HV_ERR_INVAL);
	assert_int_equal(call(hc_line_set, irq, 9, HV_LINE_EVENT(HV_EVENTS) | 1, 0, 0),
			 HV_ERR_INVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, build)
	const struct CMUnitTest tests[] = {
		TEST(an_access_is_asked_answered_and_done),
		TEST(an_answer_to_another_request_is_asked_again),
		TEST(a_slot_that_a_back_end_has_spoilt_is_filled_again),
		TEST(cancel_frees_the_slot_and_a_late_answer_is_dropped),
		TEST(a_doorbell_is_an_event_and_reads_as_ones),
		TEST(a_dead_back_end_leaves_ranges_doorbells_and_requests),
		TEST(an_answer_that_was_not_announced_survives_its_back_end),
		TEST(a_dead_guest_has_no_ranges),
		TEST(ranges_over_ram_and_the_platform_are_refused),
		TEST(interrupts_and_answers_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
