// sources: tests/unit/fake_pic.c tests/unit/fake_vlapic.c vmm/vlapic.c vmm/vlapic_dest.c
// sources: vmm/vlapic_regs.c vmm/vlapic_msr.c vmm/vlapic_timer.c vmm/vlapic_cpu.c
// sources: vmm/vlapic_eoi.c vmm/vmsi.c
/*
 * The local APIC's timer: one-shot, periodic and deadline. Time is nanoseconds of the host's TSC; a
 * fired timer is called by hand.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/cpu/tsc.h"
#include "tests/unit/fake_vlapic.h"

static void a_oneshot_counts_down_once(void **state)
{
	uint32_t count;

	reg_put(REG_TIMER_DIVIDE, 0xb);
	reg_put(REG_LVT, 0x40);
	reg_put(REG_TIMER_INITIAL, 2000000000);
	count = reg_get(REG_TIMER_CURRENT);
	assert_in_range(count, 1000000000, 2000000000);
	assert_true(v.lapic->timer.deadline > tsc_read());
	v.lapic->timer.fire(&v.lapic->timer);
	assert_int_equal(vlapic_pending(&v), 0x40);
	assert_int_equal(reg_get(REG_TIMER_CURRENT), 0);
	assert_int_equal(reg_get(REG_TIMER_INITIAL), 2000000000);
}

static void the_divider_stretches_the_count(void **state)
{
	reg_put(REG_TIMER_DIVIDE, 0x3); /* 16 */
	reg_put(REG_TIMER_INITIAL, 1000000000);
	assert_in_range(v.lapic->timer.deadline - tsc_read(), 15000000000, 16000000000);
	reg_put(REG_TIMER_DIVIDE, 0xb); /* 1 */
	assert_in_range(v.lapic->timer.deadline - tsc_read(), 900000000, 1000000000);
}

static void a_periodic_timer_goes_on_without_bursts(void **state)
{
	uint64_t first;

	reg_put(REG_TIMER_DIVIDE, 0xb);
	reg_put(REG_LVT, 0x20040);
	reg_put(REG_TIMER_INITIAL, 1000000000);
	first = v.lapic->timer.deadline;
	v.lapic->timer.fire(&v.lapic->timer);
	assert_int_equal(v.lapic->timer.deadline, first + 1000000000);
	v.lapic->deadline = tsc_read() - 10500000000;
	v.lapic->timer.fire(&v.lapic->timer);
	assert_in_range(v.lapic->timer.deadline - tsc_read(), 1, 500000000);
	reg_put(REG_TIMER_INITIAL, 0);
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
}

/* From one firing to the next, wherever the clock is. */
static uint64_t next_after_firing(void)
{
	uint64_t at = v.lapic->deadline = tsc_read() + 1000000000000;

	v.lapic->timer.fire(&v.lapic->timer);
	return v.lapic->timer.deadline - at;
}

static void a_period_without_measure_is_longer_while_its_interrupt_waits(void **state)
{
	reg_put(REG_TIMER_DIVIDE, 0xb);
	reg_put(REG_LVT, 0x20040);
	reg_put(REG_TIMER_INITIAL, 1);
	assert_int_equal(next_after_firing(), 20000);
	assert_int_equal(next_after_firing(), 1000000);
	vlapic_accept(&v, vlapic_pending(&v));
	assert_int_equal(next_after_firing(), 20000);
	reg_put(REG_LVT, 0x30041);
	assert_int_equal(next_after_firing(), 1000000);
}

static void a_deadline_is_in_guest_time_and_reads_zero_afterwards(void **state)
{
	uint64_t value, now = tsc_read();

	v.tsc_offset = -now;
	assert_true(vlapic_deadline_write(&v, 0x6e0, 5));
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
	reg_put(REG_LVT, 0x40040);
	assert_true(vlapic_deadline_write(&v, 0x6e0, 4000000000));
	assert_in_range(v.lapic->timer.deadline, now + 3990000000, now + 4000000010);
	assert_true(vlapic_deadline_read(&v, 0x6e0, &value));
	assert_int_equal(value, 4000000000);
	assert_true(vlapic_deadline_write(&v, 0x6e0, ~0ull));
	assert_true(v.lapic->timer.deadline > tsc_read() + (1ull << 60));
	assert_true(vlapic_deadline_write(&v, 0x6e0, 1));
	assert_true(v.lapic->timer.deadline <= tsc_read());
	v.lapic->timer.fire(&v.lapic->timer);
	assert_true(vlapic_deadline_read(&v, 0x6e0, &value));
	assert_int_equal(value, 0);
	assert_int_equal(vlapic_pending(&v), 0x40);
}

static void leaving_deadline_mode_disarms(void **state)
{
	reg_put(REG_LVT, 0x40040);
	assert_true(vlapic_deadline_write(&v, 0x6e0, ~0ull >> 1));
	reg_put(REG_LVT, 0x40);
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
}

static void a_masked_timer_is_silent(void **state)
{
	reg_put(REG_LVT, 0x10040);
	reg_put(REG_TIMER_INITIAL, 5);
	v.lapic->timer.fire(&v.lapic->timer);
	assert_int_equal(vlapic_pending(&v), -1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, vlapic_fresh, vlapic_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_oneshot_counts_down_once),
		T(the_divider_stretches_the_count),
		T(a_periodic_timer_goes_on_without_bursts),
		T(a_period_without_measure_is_longer_while_its_interrupt_waits),
		T(a_deadline_is_in_guest_time_and_reads_zero_afterwards),
		T(leaving_deadline_mode_disarms),
		T(a_masked_timer_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
