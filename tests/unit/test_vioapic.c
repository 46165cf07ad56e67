// sources: tests/unit/fake_pic.c vmm/vioapic.c vmm/vioapic_regs.c
/* The I/O APIC: what reaches a local APIC, and when. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/platform.h"
#include "mm/frames.h"
#include "vmm/event.h"
#include "vmm/vioapic.h"
#include "vmm/vlapic.h"

static struct domain d;
static struct vcpu v;
static struct vlapic_message last;
static unsigned messages, events;
static bool accepted;
static struct domain back_end;

void *frames_hv(size_t pages)
{
	return calloc(pages, PAGE_SIZE);
}

bool vlapic_deliver(struct domain *to, const struct vlapic_message *m)
{
	last = *m;
	messages++;
	return accepted;
}

bool vlapic_is_named(const struct vcpu *v, const struct vlapic_message *m)
{
	return false;
}

void event_set(struct domain *of, unsigned event)
{
	assert_ptr_equal(of, &back_end);
	assert_int_equal(event, 7);
	events++;
}

static void raw_put(unsigned offset, uint32_t value)
{
	struct io_access a = {
		.address = HV_GUEST_IOAPIC + offset, .size = 4, .write = true, .data = value
	};

	vioapic_mmio(&v, &a);
}

static uint32_t get(unsigned reg)
{
	struct io_access a = { .address = HV_GUEST_IOAPIC + 0x10, .size = 4 };

	raw_put(0, reg);
	vioapic_mmio(&v, &a);
	return (uint32_t)a.data;
}

static void put(unsigned reg, uint32_t value)
{
	raw_put(0, reg);
	raw_put(0x10, value);
}

static void program(unsigned pin, uint64_t rte)
{
	put(0x10 + 2 * pin + 1, rte >> 32);
	put(0x10 + 2 * pin, (uint32_t)rte);
}

static int fresh(void **state)
{
	memset(&d, 0, sizeof(d));
	v.domain = &d;
	vioapic_init(&d);
	messages = events = 0;
	accepted = true;
	return 0;
}

static int done(void **state)
{
	free(d.ioapic);
	return 0;
}

static void it_has_24_masked_pins_after_reset(void **state)
{
	assert_int_equal(get(1), 0x170020);
	for (unsigned pin = 0; pin < 24; pin++)
		assert_int_equal(get(0x10 + 2 * pin), 0x10000);
	assert_int_equal(get(0x10 + 48), 0);
}

static void an_edge_is_delivered_once_for_each_rise(void **state)
{
	program(4, 0x0300000000000831);
	vioapic_set_line(&d, 4, true);
	vioapic_set_line(&d, 4, true);
	assert_int_equal(messages, 1);
	assert_int_equal(last.vector, 0x31);
	assert_int_equal(last.destination, 3);
	assert_true(last.logical);
	assert_false(last.level);
	vioapic_set_line(&d, 4, false);
	vioapic_set_line(&d, 4, true);
	assert_int_equal(messages, 2);
}

static void an_edge_at_a_masked_pin_is_lost(void **state)
{
	vioapic_set_line(&d, 4, true);
	program(4, 0x31);
	assert_int_equal(messages, 0);
}

static void a_level_waits_for_its_eoi_and_comes_again_while_up(void **state)
{
	program(9, 0x8055);
	vioapic_set_line(&d, 9, true);
	assert_int_equal(messages, 1);
	assert_true(last.level);
	assert_int_equal(get(0x10 + 18), 0xc055);
	vioapic_set_line(&d, 9, false);
	vioapic_set_line(&d, 9, true);
	assert_int_equal(messages, 1);
	vioapic_eoi(&d, 0x54);
	assert_int_equal(messages, 1);
	vioapic_eoi(&d, 0x55);
	assert_int_equal(messages, 2);
	vioapic_set_line(&d, 9, false);
	vioapic_eoi(&d, 0x55);
	assert_int_equal(messages, 2);
	assert_int_equal(get(0x10 + 18), 0x8055);
}

static void a_level_that_is_up_is_delivered_when_unmasked(void **state)
{
	vioapic_set_line(&d, 9, true);
	program(9, 0x8055);
	assert_int_equal(messages, 1);
}

static void the_eoi_register_and_a_turn_to_edge_end_a_level(void **state)
{
	program(9, 0x8055);
	vioapic_set_line(&d, 9, true);
	vioapic_set_line(&d, 9, false);
	raw_put(0x40, 0x55);
	assert_int_equal(get(0x10 + 18), 0x8055);
	vioapic_set_line(&d, 9, true);
	program(9, 0x10055);
	program(9, 0x8055);
	assert_int_equal(messages, 3);
}

static void remote_irr_and_status_cannot_be_written(void **state)
{
	program(2, 0xffffffffffffffff);
	assert_int_equal(get(0x14), 0x1afff);
	assert_int_equal(get(0x15), 0xff000000);
}

static void a_broadcast_is_for_everybody(void **state)
{
	program(1, 0xff00000000000041);
	vioapic_set_line(&d, 1, true);
	assert_int_equal(last.destination, ~0u);
}

static void lines_that_do_not_exist_are_ignored(void **state)
{
	vioapic_set_line(&d, 24, true);
	vioapic_set_line(&d, ~0u, true);
	assert_int_equal(messages, 0);
}

static void a_watched_pin_falls_at_its_eoi_and_tells(void **state)
{
	program(9, 0x8055);
	vioapic_raise(&d, 9, &back_end, 7);
	assert_int_equal(messages, 1);
	vioapic_eoi(&d, 0x55);
	assert_int_equal(events, 1);
	assert_int_equal(messages, 1);
	vioapic_raise(&d, 9, &back_end, 7);
	assert_int_equal(messages, 2);
	vioapic_set_line(&d, 9, false);
	vioapic_eoi(&d, 0x55);
	assert_int_equal(events, 1);
	vioapic_raise(&d, 9, &back_end, 7);
	vioapic_set_line(&d, 9, true);
	vioapic_eoi(&d, 0x55);
	assert_int_equal(events, 1);
	assert_int_equal(messages, 4);
}

static void a_level_that_nobody_accepts_has_no_remote_irr(void **state)
{
	accepted = false;
	program(9, 0x8055);
	vioapic_set_line(&d, 9, true);
	assert_int_equal(get(0x10 + 18), 0x8055);
	accepted = true;
	program(9, 0x8056);
	assert_int_equal(get(0x10 + 18), 0xc056);
}

static void an_nmi_is_an_edge_whatever_its_trigger(void **state)
{
	program(9, 0x8400);
	vioapic_set_line(&d, 9, true);
	assert_int_equal(messages, 1);
	assert_false(last.level);
	program(9, 0x8400);
	assert_int_equal(messages, 1);
	assert_int_equal(get(0x10 + 18), 0x8400);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_has_24_masked_pins_after_reset),
		T(an_edge_is_delivered_once_for_each_rise),
		T(an_edge_at_a_masked_pin_is_lost),
		T(a_level_waits_for_its_eoi_and_comes_again_while_up),
		T(a_level_that_is_up_is_delivered_when_unmasked),
		T(the_eoi_register_and_a_turn_to_edge_end_a_level),
		T(remote_irr_and_status_cannot_be_written),
		T(a_broadcast_is_for_everybody),
		T(lines_that_do_not_exist_are_ignored),
		T(a_watched_pin_falls_at_its_eoi_and_tells),
		T(a_level_that_nobody_accepts_has_no_remote_irr),
		T(an_nmi_is_an_edge_whatever_its_trigger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
