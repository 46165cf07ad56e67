// sources: tests/unit/fake_pic.c tests/unit/fake_vlapic.c vmm/kvm_call.c vmm/vlapic.c
// sources: vmm/vlapic_dest.c vmm/vlapic_regs.c vmm/vlapic_msr.c vmm/vlapic_timer.c
// sources: vmm/vlapic_cpu.c vmm/vlapic_eoi.c
/* What stock guests know from KVM: its hypercalls, and ends of interrupts by a word in memory. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/fake_vlapic.h"
#include "vmm/kvm_call.h"

static struct vcpu second;
static uint8_t code_bytes;

static void get_mode(struct vcpu *of, struct vcpu_mode *m)
{
	*m = (struct vcpu_mode){ .code_bytes = code_bytes };
}

static int two(void **state)
{
	vlapic_fresh(state);
	memset(&second, 0, sizeof(second));
	second.index = 1;
	second.domain = &d;
	d.vcpu[1] = &second;
	d.vcpus = 2;
	vlapic_init(&second);
	second.lapic->reg[REG_SVR].value = 0x1ff;
	fake.get_mode = get_mode;
	code_bytes = 8;
	return 0;
}

static int done(void **state)
{
	free(second.lapic);
	return vlapic_done(state);
}

static enum verdict call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t e)
{
	v.regs.gpr[GPR_RAX] = number;
	v.regs.gpr[GPR_RBX] = a;
	v.regs.gpr[GPR_RCX] = b;
	v.regs.gpr[GPR_RDX] = c;
	v.regs.gpr[GPR_RSI] = e;
	return kvm_call(&v, 0, (int64_t *)&v.regs.gpr[GPR_RAX]);
}

static int64_t answer(void)
{
	return (int64_t)v.regs.gpr[GPR_RAX];
}

static void unknown_calls_and_callers_outside_of_ring_0_get_linux_errors(void **state)
{
	int64_t result;

	call(9, 0, 0, 0, 0);
	assert_int_equal(answer(), -1000);
	assert_int_equal(kvm_call(&v, 3, &result), VERDICT_DONE);
	assert_int_equal(result, -1);
}

static void a_kick_reaches_the_vcpu_that_it_names(void **state)
{
	assert_int_equal(call(5, 0, 1, 0, 0), VERDICT_DONE);
	assert_int_equal(answer(), 0);
	assert_int_equal(requested, REQUEST_KICK);
	requested = 0;
	call(5, 0, 2, 0, 0);
	assert_int_equal(requested, 0);
}

static void an_ipi_goes_to_every_bit_of_the_set_that_is_there(void **state)
{
	call(10, 2, 0, 0, 0x41);
	assert_int_equal(answer(), 1);
	assert_int_equal(vlapic_pending(&second), 0x41);
	assert_int_equal(vlapic_pending(&v), -1);
	call(10, 7, 0, 0, 0x51);
	assert_int_equal(answer(), 2);
	assert_int_equal(vlapic_pending(&v), 0x51);
	call(10, 2, 0, 1, 0x61); /* bit 0 is APIC ID 1 */
	assert_int_equal(answer(), 0);
	call(10, 0, 1, (uint64_t)-63, 0x61); /* bit 64 is APIC ID 1 */
	assert_int_equal(answer(), 1);
	assert_int_equal(vlapic_pending(&second), 0x61);
	call(10, 3, 0, 0, 0x400);
	assert_int_equal(requested & REQUEST_NMI, REQUEST_NMI);
	call(10, 3, 0, 0, 0x841);
	assert_int_equal(answer(), -22);
	call(10, 3, 0, 0, 0x40041);
	assert_int_equal(answer(), -22);
}

static void a_32_bit_caller_has_arguments_of_32_bits(void **state)
{
	call(10, 1, 0, 0xffffffff00000001, 0x71);
	assert_int_equal(answer(), 0);
	code_bytes = 4;
	call(10, 1, 0, 0xffffffff00000001, 0x71);
	assert_int_equal(answer(), 1);
	assert_int_equal(vlapic_pending(&second), 0x71);
}

static void one_steps_back_for_a_vcpu_that_waits_for_its_cpu(void **state)
{
	second.run_state = VCPU_READY;
	assert_int_equal(call(11, 1, 0, 0, 0), VERDICT_YIELD);
	assert_int_equal(answer(), 0);
	second.cpu = 1;
	assert_int_equal(call(11, 1, 0, 0, 0), VERDICT_DONE);
	assert_int_equal(call(11, 9, 0, 0, 0), VERDICT_DONE);
}

/* As run.c does it. */
static void take(void)
{
	int vector = vlapic_pending(&v);

	if (vector >= 0)
		vlapic_accept(&v, (unsigned)vector);
	vlapic_eoi_offer(&v);
}

static void enable(void)
{
	ram[8] = 0xff;
	assert_true(vlapic_eoi_write(&v, 0, 9));
	assert_true(v.eoi_by_word);
	assert_int_equal(ram[8], 0);
}

static void an_edge_alone_is_ended_by_a_word(void **state)
{
	enable();
	vlapic_post(&v, 0x41);
	take();
	assert_int_equal(ram[8], 1);
	assert_int_equal(reg_get(REG_ISR + 2), 1 << 1);
	ram[8] = 0;
	assert_int_equal(reg_get(REG_ISR + 2), 0);
	vlapic_post(&v, 0x31);
	take();
	assert_int_equal(ram[8], 1);
	ram[8] = 0;
	vlapic_post(&v, 0x21);
	assert_int_equal(vlapic_pending(&v), 0x21);
}

static void what_comes_meanwhile_takes_the_offer_back(void **state)
{
	enable();
	vlapic_post(&v, 0x41);
	take();
	vlapic_post(&v, 0x42);
	assert_int_equal(vlapic_pending(&v), -1);
	assert_int_equal(ram[8], 0);
	take();
	assert_int_equal(ram[8], 0);
	reg_put(REG_EOI, 0);
	assert_int_equal(vlapic_pending(&v), 0x42);
	take();
	assert_int_equal(ram[8], 1);
}

static void an_eoi_all_the_same_ends_it(void **state)
{
	enable();
	vlapic_post(&v, 0x41);
	take();
	reg_put(REG_EOI, 0);
	assert_int_equal(ram[8], 0);
	assert_int_equal(reg_get(REG_ISR + 2), 0);
	assert_int_equal(reg_get(REG_PPR), 0);
}

static void levels_and_nested_ones_need_their_eoi(void **state)
{
	enable();
	vlapic_post_level(&v, 0x41);
	take();
	assert_int_equal(ram[8], 0);
	vlapic_post(&v, 0x51);
	take();
	assert_int_equal(ram[8], 0);
}

static void its_msr_checks_alignment_and_memory(void **state)
{
	uint64_t value;

	assert_false(vlapic_eoi_write(&v, 0, 0x0b));
	assert_false(vlapic_eoi_write(&v, 0, 0x1001));
	assert_true(vlapic_eoi_read(&v, 0, &value));
	assert_int_equal(value, 0);
	enable();
	vlapic_post(&v, 0x41);
	take();
	assert_true(vlapic_eoi_write(&v, 0, 0));
	assert_int_equal(ram[8], 0);
	assert_false(v.eoi_by_word);
	enable();
	vlapic_reset(&v);
	assert_false(v.eoi_by_word);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two, done)
	const struct CMUnitTest tests[] = {
		TEST(unknown_calls_and_callers_outside_of_ring_0_get_linux_errors),
		TEST(a_kick_reaches_the_vcpu_that_it_names),
		TEST(an_ipi_goes_to_every_bit_of_the_set_that_is_there),
		TEST(a_32_bit_caller_has_arguments_of_32_bits),
		TEST(one_steps_back_for_a_vcpu_that_waits_for_its_cpu),
		TEST(an_edge_alone_is_ended_by_a_word),
		TEST(what_comes_meanwhile_takes_the_offer_back),
		TEST(an_eoi_all_the_same_ends_it),
		TEST(levels_and_nested_ones_need_their_eoi),
		TEST(its_msr_checks_alignment_and_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
