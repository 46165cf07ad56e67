// sources: vmm/vclock.c
/* KVM's clocks: page contents, version protocol, and pages that are not the guest's. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/cpu/tsc.h"
#include "vmm/guestmem.h"
#include "vmm/msr_state.h"
#include "vmm/vclock.h"

static struct domain d;
static struct vcpu v, other;
static struct vmsrs msrs, other_msrs;
static uint32_t asked;
static uint8_t ram[0x1000];
static uint32_t first_version; /* in the first of the two writes */
static bool stable;

bool guest_write(struct domain *of, gpa_t to, const void *from, size_t bytes)
{
	if (!range_within(to.v, bytes, sizeof(ram)))
		return false;
	memcpy(ram + to.v, from, bytes);
	if (bytes > 4)
		memcpy(&first_version, bytes == 64 ? (const char *)from + 8 : from, 4);
	return true;
}

bool tsc_is_stable(void)
{
	return stable;
}

void vcpu_request(struct vcpu *of, uint32_t requests)
{
	assert_ptr_equal(of, &other);
	asked |= requests;
}

uint64_t tsc_ns(uint64_t ticks)
{
	return ticks / 2;
}

void tsc_clock_scale(uint32_t *mul, int8_t *shift)
{
	*mul = 0x80000000;
	*shift = -1;
}

static uint32_t u32(size_t at)
{
	uint32_t value;

	memcpy(&value, ram + at, sizeof(value));
	return value;
}

static uint64_t u64(size_t at)
{
	uint64_t value;

	memcpy(&value, ram + at, sizeof(value));
	return value;
}

static int fresh(void **state)
{
	memset(&v, 0, sizeof(v));
	memset(&msrs, 0, sizeof(msrs));
	memset(ram, 0, sizeof(ram));
	memset(&other_msrs, 0, sizeof(other_msrs));
	v.domain = other.domain = &d;
	v.msrs = &msrs;
	other.msrs = &other_msrs;
	d.vcpu[0] = &v;
	d.vcpu[1] = &other;
	d.vcpus = 2;
	asked = 0;
	d.wall_base = 1700000000;
	stable = true;
	return 0;
}

static void system_time_follows_the_offset(void **state)
{
	v.tsc_offset = -1000ull;
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_SYSTEM, 0x101));
	assert_int_equal(u64(0x108), -1000ull);
	assert_int_equal(u64(0x110), 0);
	assert_int_equal(u32(0x118), 0x80000000);
	assert_int_equal((int8_t)ram[0x11c], -1);
	assert_int_equal(ram[0x11d], 1);
	v.tsc_offset = 5;
	vclock_update(&v);
	assert_int_equal(u64(0x108), 5);
}

static void the_version_is_odd_while_the_page_changes(void **state)
{
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_SYSTEM_OLD, 0x101));
	assert_int_equal(first_version, 1);
	assert_int_equal(u32(0x100), 2);
	vclock_update(&v);
	assert_int_equal(first_version, 3);
	assert_int_equal(u32(0x100), 4);
}

static void an_unstable_tsc_is_not_called_stable(void **state)
{
	stable = false;
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_SYSTEM, 0x101));
	assert_int_equal(ram[0x11d], 0);
}

static void the_wall_clock_is_that_of_tsc_zero(void **state)
{
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_WALL, 0x200));
	assert_int_equal(u32(0x200), 2);
	assert_int_equal(u32(0x204), 1700000000);
	assert_int_equal(u32(0x208), 0);
}

static void stolen_time_appears_at_switch_in(void **state)
{
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_STEAL, 0x41));
	assert_int_equal(u64(0x40), 0);
	vclock_steal(&v, 5000);
	vclock_enter(&v);
	assert_int_equal(u64(0x40), 2500);
	assert_int_equal(first_version, 3);
	assert_int_equal(u32(0x48), 4);
	vclock_enter(&v);
	assert_int_equal(u32(0x48), 4);
	assert_false(vclock_msr_write(&v, VCLOCK_MSR_STEAL, 0x45));
}

static void a_preempted_vcpu_says_so_until_it_is_back(void **state)
{
	vclock_leave(&v);
	assert_int_equal(ram[16], 0);
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_STEAL, 0x41));
	vclock_leave(&v);
	assert_int_equal(ram[0x50], 1);
	vclock_enter(&v);
	assert_int_equal(ram[0x50], 0);
	assert_int_equal(u32(0x48), 4);
}

static void tscs_that_were_moved_apart_are_not_stable(void **state)
{
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_SYSTEM, 0x101));
	msrs.tsc_adjust = 5;
	vclock_tsc_moved(&v);
	assert_int_equal(ram[0x11d], 0);
	assert_int_equal(asked, REQUEST_CLOCK);
	other_msrs.tsc_adjust = 5;
	vclock_update(&v);
	assert_int_equal(ram[0x11d], 1);
}

static void pages_outside_the_guest_fault_and_disabled_ones_are_left_alone(void **state)
{
	uint64_t value;

	assert_false(vclock_msr_write(&v, VCLOCK_MSR_SYSTEM, 0xfffffffff001));
	assert_true(vclock_msr_write(&v, VCLOCK_MSR_SYSTEM, 0x100));
	vclock_update(&v);
	assert_int_equal(u32(0x100), 0);
	assert_true(vclock_msr_read(&v, VCLOCK_MSR_SYSTEM, &value));
	assert_int_equal(value, 0x100);
	vclock_reset(&v);
	assert_true(vclock_msr_read(&v, VCLOCK_MSR_SYSTEM, &value));
	assert_int_equal(value, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(system_time_follows_the_offset, fresh),
		cmocka_unit_test_setup(the_version_is_odd_while_the_page_changes, fresh),
		cmocka_unit_test_setup(an_unstable_tsc_is_not_called_stable, fresh),
		cmocka_unit_test_setup(the_wall_clock_is_that_of_tsc_zero, fresh),
		cmocka_unit_test_setup(stolen_time_appears_at_switch_in, fresh),
		cmocka_unit_test_setup(a_preempted_vcpu_says_so_until_it_is_back, fresh),
		cmocka_unit_test_setup(tscs_that_were_moved_apart_are_not_stable, fresh),
		cmocka_unit_test_setup(
			pages_outside_the_guest_fault_and_disabled_ones_are_left_alone, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
