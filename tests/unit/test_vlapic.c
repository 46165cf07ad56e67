// sources: tests/unit/fake_pic.c tests/unit/fake_vlapic.c vmm/vlapic.c vmm/vlapic_dest.c
// sources: vmm/vlapic_regs.c vmm/vlapic_msr.c vmm/vlapic_timer.c vmm/vlapic_cpu.c
// sources: vmm/vlapic_eoi.c vmm/vmsi.c
/*
 * The local APIC: priorities, modes, errors and destinations, as a guest sees them.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fake_vlapic.h"
#include "vmm/vmsi.h"

static void the_highest_posted_vector_goes_first(void **state)
{
	vlapic_post(&v, 0x31);
	vlapic_post(&v, 0xc0);
	assert_int_equal(requested, REQUEST_WAKE);
	assert_int_equal(vlapic_pending(&v), 0xc0);
	vlapic_accept(&v, 0xc0);
	assert_int_equal(vlapic_pending(&v), -1);
	reg_put(REG_EOI, 0);
	assert_int_equal(vlapic_pending(&v), 0x31);
	assert_int_equal(ended, -1);
}

static void a_vector_of_the_same_class_waits_for_the_eoi(void **state)
{
	vlapic_post(&v, 0x41);
	assert_int_equal(vlapic_pending(&v), 0x41);
	vlapic_accept(&v, 0x41);
	vlapic_post(&v, 0x4f);
	assert_int_equal(vlapic_pending(&v), -1);
	vlapic_post(&v, 0x50);
	assert_int_equal(vlapic_pending(&v), 0x50);
}

static void task_priority_and_cr8_agree(void **state)
{
	reg_put(REG_TPR, 0x45);
	assert_int_equal(v.cr8, 4);
	assert_int_equal(reg_get(REG_TPR), 0x45);
	vlapic_post(&v, 0x4e);
	assert_int_equal(vlapic_pending(&v), -1);
	assert_true(vlapic_waits_for_cr8(&v));
	v.cr8 = 3;
	assert_int_equal(reg_get(REG_TPR), 0x30);
	assert_int_equal(reg_get(REG_PPR), 0x30);
	assert_int_equal(vlapic_pending(&v), 0x4e);
	assert_false(vlapic_waits_for_cr8(&v));
}

static void the_eoi_of_a_level_goes_to_the_ioapic(void **state)
{
	vlapic_post_level(&v, 0x50);
	vlapic_accept(&v, (unsigned)vlapic_pending(&v));
	assert_int_equal(reg_get(REG_TMR + 2), 1 << 16);
	reg_put(REG_EOI, 0);
	assert_int_equal(ended, 0x50);
	vlapic_post(&v, 0x50);
	assert_int_equal(reg_get(REG_TMR + 2), 0);
}

static void a_disabled_apic_drops_requests_and_masks_its_lines(void **state)
{
	reg_put(REG_LVT, 0x33);
	reg_put(REG_SVR, 0xff);
	assert_int_equal(reg_get(REG_LVT), 0x10033);
	reg_put(REG_LVT, 0x33);
	assert_int_equal(reg_get(REG_LVT), 0x10033);
	vlapic_post(&v, 0x50);
	assert_int_equal(vlapic_pending(&v), -1);
	reg_put(REG_SVR, 0x1ff);
	assert_int_equal(vlapic_pending(&v), -1);
}

static void switching_off_resets_and_takes_the_page_away(void **state)
{
	assert_int_equal(vlapic_base(&v), 0xfee00000);
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00000));
	assert_int_equal(vlapic_base(&v), ~0ull);
	assert_false(vlapic_is_enabled(&v));
	assert_true(vlapic_base_write(&v, 0x1b, 0xfed00900));
	assert_int_equal(vlapic_base(&v), 0xfed00000);
	assert_int_equal(reg_get(REG_SVR), 0xff);
}

static void modes_change_only_along_the_manuals_arrows(void **state)
{
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00000 | APIC_BASE_X2APIC));
	assert_false(vlapic_base_write(&v, 0x1b, 1ull << 45 | APIC_BASE_ENABLE));
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00801));
	vlapic_to_x2apic();
	assert_int_equal(vlapic_base(&v), ~0ull);
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00900));
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00100));
	assert_false(vlapic_base_write(&v, 0x1b, 0xfee00d00));
}

static void msrs_fault_outside_x2apic_and_on_reserved_bits(void **state)
{
	uint64_t value;

	assert_false(vlapic_msr_read(&v, X2(REG_ID), &value));
	vlapic_to_x2apic();
	assert_true(vlapic_msr_read(&v, X2(REG_ID), &value));
	assert_int_equal(value, 0);
	assert_true(vlapic_msr_read(&v, X2(REG_LDR), &value));
	assert_int_equal(value, 1);
	assert_false(vlapic_msr_read(&v, X2(REG_DFR), &value));
	assert_false(vlapic_msr_read(&v, X2(REG_EOI), &value));
	assert_false(vlapic_msr_write(&v, X2(REG_EOI), 1));
	assert_false(vlapic_msr_write(&v, X2(REG_TPR), 0x100));
	assert_false(vlapic_msr_write(&v, X2(REG_LDR), 0));
	assert_false(vlapic_msr_write(&v, X2(REG_ICR), 1ull << 20 | 0x40));
	assert_false(vlapic_msr_write(&v, X2(REG_LVT), 1ull << 32));
	assert_true(vlapic_msr_write(&v, X2(REG_TPR), 0x20));
}

static void self_ipis_arrive_in_both_modes(void **state)
{
	reg_put(REG_ICR_HIGH, 0);
	reg_put(REG_ICR, 0x61);
	assert_int_equal(vlapic_pending(&v), 0x61);
	vlapic_accept(&v, 0x61);
	reg_put(REG_EOI, 0);
	reg_put(REG_ICR, 0x40062);
	assert_int_equal(vlapic_pending(&v), 0x62);
	vlapic_accept(&v, 0x62);
	reg_put(REG_EOI, 0);
	vlapic_to_x2apic();
	assert_true(vlapic_msr_write(&v, X2(REG_ICR), 0x63));
	assert_int_equal(vlapic_pending(&v), 0x63);
	vlapic_accept(&v, 0x63);
	assert_true(vlapic_msr_write(&v, X2(REG_EOI), 0));
	assert_true(vlapic_msr_write(&v, X2(REG_SELF_IPI), 0x64));
	assert_int_equal(vlapic_pending(&v), 0x64);
}

static void broadcasts_reach_the_only_cpu_or_nobody(void **state)
{
	reg_put(REG_ICR, 0x80071);
	assert_int_equal(vlapic_pending(&v), 0x71);
	reg_put(REG_ICR, 0xc0072);
	assert_int_equal(vlapic_pending(&v), 0x71);
	reg_put(REG_ICR_HIGH, 0xff000000);
	reg_put(REG_ICR, 0x73);
	assert_int_equal(vlapic_pending(&v), 0x73);
	reg_put(REG_ICR_HIGH, 0x01000000);
	reg_put(REG_ICR, 0x74);
	assert_int_equal(vlapic_pending(&v), 0x73);
	reg_put(REG_ICR, 0x80000 | DELIVER_NMI << 8);
	assert_int_equal(requested & REQUEST_NMI, REQUEST_NMI);
}

static void logical_destinations_match_flat_and_cluster(void **state)
{
	reg_put(REG_LDR, 0x12000000);
	reg_put(REG_ICR_HIGH, 0x02000000);
	reg_put(REG_ICR, 0x841);
	assert_int_equal(vlapic_pending(&v), 0x41);
	reg_put(REG_DFR, 0x0fffffff);
	reg_put(REG_ICR_HIGH, 0x22000000);
	reg_put(REG_ICR, 0x851);
	assert_int_equal(vlapic_pending(&v), 0x41);
	reg_put(REG_ICR_HIGH, 0x12000000);
	reg_put(REG_ICR, 0x851);
	assert_int_equal(vlapic_pending(&v), 0x51);
	vlapic_to_x2apic();
	assert_true(vlapic_msr_write(&v, X2(REG_ICR), 1ull << 32 | 0x961));
	assert_int_equal(vlapic_pending(&v), 0x61);
	assert_true(vlapic_msr_write(&v, X2(REG_ICR), 1ull << 48 | 1ull << 32 | 0x871));
	assert_int_equal(vlapic_pending(&v), 0x61);
}

static void a_bad_vector_is_an_error_not_an_interrupt(void **state)
{
	reg_put(REG_LVT + LVT_ERROR, 0xfe);
	reg_put(REG_ICR, 0x4000f);
	assert_int_equal(reg_get(REG_ESR), 0);
	reg_put(REG_ESR, 0);
	assert_int_equal(reg_get(REG_ESR), ESR_SEND_VECTOR);
	assert_int_equal(vlapic_pending(&v), 0xfe);
	reg_put(0x05, 1);
	reg_put(REG_ESR, 0);
	assert_int_equal(reg_get(REG_ESR), ESR_REGISTER);
	reg_put(REG_VERSION, 1);
	reg_put(REG_ESR, 0);
	assert_int_equal(reg_get(REG_ESR), 0);
}

static void only_edge_messages_with_ordinary_vectors_are_raised(void **state)
{
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x45), OK);
	assert_int_equal(vlapic_pending(&v), 0x45);
	assert_int_equal(vmsi_deliver(&d, 0xfeeff000, 0x155), OK);
	assert_int_equal(vlapic_pending(&v), 0x55);
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x1f), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x445), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0xfee00000, 0x8045), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0xfed00000, 0x45), ERR_INVAL);
	assert_int_equal(vmsi_deliver(&d, 0x1fee00000, 0x45), ERR_INVAL);
}

static void parts_of_a_register_can_be_read(void **state)
{
	struct io_access a = { .address = 0xfee00032, .size = 2 };

	vlapic_mmio(&v, &a);
	assert_int_equal(a.data, 5);
	a = (struct io_access){ .address = 0xfee00034, .size = 4 };
	vlapic_mmio(&v, &a);
	assert_int_equal(a.data, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, vlapic_fresh, vlapic_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_highest_posted_vector_goes_first),
		T(a_vector_of_the_same_class_waits_for_the_eoi),
		T(task_priority_and_cr8_agree),
		T(the_eoi_of_a_level_goes_to_the_ioapic),
		T(a_disabled_apic_drops_requests_and_masks_its_lines),
		T(switching_off_resets_and_takes_the_page_away),
		T(modes_change_only_along_the_manuals_arrows),
		T(msrs_fault_outside_x2apic_and_on_reserved_bits),
		T(self_ipis_arrive_in_both_modes),
		T(broadcasts_reach_the_only_cpu_or_nobody),
		T(logical_destinations_match_flat_and_cluster),
		T(a_bad_vector_is_an_error_not_an_interrupt),
		T(only_edge_messages_with_ordinary_vectors_are_raised),
		T(parts_of_a_register_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
