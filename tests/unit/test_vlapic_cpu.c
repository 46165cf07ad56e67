// sources: tests/unit/fake_pic.c tests/unit/fake_vlapic.c vmm/vlapic.c vmm/vlapic_dest.c
// sources: vmm/vlapic_regs.c vmm/vlapic_msr.c vmm/vlapic_timer.c vmm/vlapic_cpu.c
// sources: vmm/vlapic_eoi.c vmm/vmsi.c
/*
 * The local APIC where the CPU helps: it keeps the registers' page and delivers by itself.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/cpu/tsc.h"
#include "mm/hvmap.h"
#include "tests/unit/fake_vlapic.h"

/* A CPU that helps: what it was told. */
static struct {
	enum apic_mode mode;
	uint8_t request, service;
	uint32_t levels[VECTOR_WORDS];
	void *access;
} told;

static enum apic_help apic_help(void)
{
	return APIC_HELP_FULL;
}

static void apic_init(struct vcpu *of, hpa_t registers, hpa_t access)
{
	assert_ptr_equal(hv_virt(registers), of->lapic);
	told.access = hv_virt(access);
}

static void apic_mode(struct vcpu *of, enum apic_mode mode)
{
	told.mode = mode;
}

static void apic_status(struct vcpu *of, uint8_t request, uint8_t service)
{
	told.request = request;
	told.service = service;
}

static void apic_levels(struct vcpu *of, const uint32_t vectors[8])
{
	memcpy(told.levels, vectors, sizeof(told.levels));
}

static const struct backend_apic helping = {
	.help = apic_help,
	.init = apic_init,
	.mode = apic_mode,
	.status = apic_status,
	.levels = apic_levels,
};

static int fresh_by_cpu(void **state)
{
	memset(&told, 0, sizeof(told));
	fake.apic = &helping;
	vlapic_fresh(state);
	vlapic_reset(&v);
	assert_false(v.apic_by_cpu); /* SVR: disabled */
	reg_put(REG_SVR, 0x1ff);
	return 0;
}

static int done_by_cpu(void **state)
{
	free(told.access);
	fake.apic = NULL;
	return vlapic_done(state);
}

static void requests_are_handed_to_the_cpu(void **state)
{
	assert_true(v.apic_by_cpu);
	vlapic_hand_over(&v);
	assert_false(vlapic_work(&v));
	vlapic_post(&v, 0x31);
	vlapic_post(&v, 0x91);
	assert_true(vlapic_work(&v));
	vlapic_hand_over(&v);
	assert_int_equal(told.request, 0x91);
	assert_int_equal(told.service, 0);
	assert_false(vlapic_work(&v));
	reg_put(REG_ICR, 0x400a2);
	assert_true(vlapic_work(&v));
	vlapic_hand_over(&v);
	assert_int_equal(told.request, 0xa2);
}

static void what_the_cpu_did_to_the_page_counts(void **state)
{
	v.lapic->reg[REG_IRR + 2].value = 1 << 5;
	v.lapic->reg[REG_ISR + 2].value = 1 << 1;
	assert_int_equal(vlapic_pending(&v), -1);
	assert_int_equal(reg_get(REG_PPR), 0x40);
	reg_put(REG_EOI, 0);
	assert_int_equal(vlapic_pending(&v), 0x45);
	vlapic_hand_over(&v);
	assert_int_equal(told.request, 0x45);
	assert_int_equal(told.service, 0);
}

static void the_eoi_of_a_level_exits(void **state)
{
	vlapic_post_level(&v, 0x50);
	vlapic_hand_over(&v);
	assert_int_equal(told.levels[2], 1 << 16);
	vlapic_ended(&v, 0x50);
	assert_int_equal(ended, 0x50);
	vlapic_post(&v, 0x50);
	vlapic_hand_over(&v);
	assert_int_equal(told.levels[2], 0);
}

static void the_cpu_helps_where_the_apic_is_in_its_place(void **state)
{
	assert_int_equal(told.mode, APIC_BY_PAGE);
	assert_true(mapped);
	vlapic_to_x2apic();
	assert_int_equal(told.mode, APIC_BY_MSRS);
	assert_false(mapped);
	vlapic_post(&v, 0x61);
	assert_int_equal(vlapic_pending(&v), 0x61);
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00000));
	assert_int_equal(told.mode, APIC_BY_EXITS);
	assert_false(v.apic_by_cpu);
	assert_true(vlapic_base_write(&v, 0x1b, 0xfed00800));
	assert_int_equal(told.mode, APIC_BY_EXITS);
	reg_put(REG_SVR, 0x1ff);
	vlapic_post(&v, 0x71);
	vlapic_accept(&v, (unsigned)vlapic_pending(&v));
	assert_true(vlapic_base_write(&v, 0x1b, 0xfee00800));
	assert_int_equal(told.mode, APIC_BY_PAGE);
	assert_true(mapped);
	vlapic_hand_over(&v);
	assert_int_equal(told.service, 0x71);
	reg_put(REG_SVR, 0xff);
	assert_int_equal(told.mode, APIC_BY_EXITS);
}

static void written(unsigned reg, uint32_t value)
{
	v.lapic->reg[reg].value = value;
	vlapic_written(&v, reg);
}

static void a_register_that_the_cpu_wrote_is_acted_upon(void **state)
{
	written(REG_ID, 0x55000000);
	assert_int_equal(reg_get(REG_ID), 0);
	written(REG_LVT + LVT_ERROR, 0xffff00fe);
	assert_int_equal(reg_get(REG_LVT + LVT_ERROR), 0x100fe);
	written(REG_TIMER_DIVIDE, 0xff);
	assert_int_equal(reg_get(REG_TIMER_DIVIDE), 0xb);
	written(REG_LVT, 0x40);
	written(REG_TIMER_INITIAL, 1000000000);
	assert_true(v.lapic->timer.deadline > tsc_read());
	written(REG_LVT, 0x40040);
	assert_int_equal(v.lapic->timer.deadline, TIMER_NEVER);
	written(REG_TIMER_INITIAL, 5);
	assert_int_equal(reg_get(REG_TIMER_INITIAL), 0);
	written(REG_ESR, 5);
	assert_int_equal(reg_get(REG_ESR), 0);
	written(REG_SVR, 0xff);
	assert_int_equal(reg_get(REG_LVT), 0x50040);
	written(REG_SVR, 0x1ff);
	written(REG_SELF_IPI, 0x77);
	assert_int_equal(vlapic_pending(&v), 0x77);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fresh_by_cpu, done_by_cpu)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(requests_are_handed_to_the_cpu),
		T(what_the_cpu_did_to_the_page_counts),
		T(the_eoi_of_a_level_exits),
		T(the_cpu_helps_where_the_apic_is_in_its_place),
		T(a_register_that_the_cpu_wrote_is_acted_upon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
