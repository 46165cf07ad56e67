/*
 * Events into a VT-x guest and out of it again, windows and shadows, against a VMCS in memory.
 */
// sources: arch/x86/vmx/inject.c tests/unit/fake_vmcs.c
// flags: -include tests/unit/fake_vmcs.h
#include "arch/x86/vmx/vmx_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/regs.h"

static struct vmx_vcpu own;
static struct vcpu vcpu;

struct vmx_vcpu *vmx_use(const struct vcpu *v)
{
	return v->arch;
}

void vmx_threshold(struct vmx_vcpu *x, uint8_t threshold)
{
	x->threshold = threshold;
}

static int fresh(void **state)
{
	fake_vmcs_clear();
	memset(&own, 0, sizeof(own));
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.arch = &own;
	vcpu.regs.rflags = RFLAGS_FIXED | RFLAGS_IF;
	vmwrite(VMCS_GUEST_CR0, CR0_PE | CR0_NE);
	return 0;
}

static void blocked_by(uint32_t bits)
{
	own.interruptibility = bits;
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, bits);
}

static uint64_t load(enum event_kind kind, uint8_t vector, bool has_error, uint32_t error)
{
	vmwrite(VMCS_ENTRY_EVENT, 0);
	vcpu.inject = (struct vcpu_event){ kind, vector, has_error, 0, error };
	vmx_event_load(&vcpu);
	assert_int_equal(vcpu.inject.kind, INJECT_NONE);
	return vmread(VMCS_ENTRY_EVENT);
}

static void events_are_packed_as_the_manual_says(void **state)
{
	assert_int_equal(load(INJECT_IRQ, 0x31, false, 0), 0x80000031);
	assert_int_equal(load(INJECT_NMI, 2, false, 0), 0x80000202);
	assert_int_equal(load(INJECT_EXCEPTION, VECTOR_UD, false, 0), 0x80000306);
	assert_int_equal(load(INJECT_EXCEPTION, VECTOR_GP, true, 0x58), 0x80000b0d);
	assert_int_equal(vmread(VMCS_ENTRY_EVENT_ERROR), 0x58);
}

static void real_mode_exceptions_have_no_error_code(void **state)
{
	vmwrite(VMCS_GUEST_CR0, CR0_NE);
	assert_int_equal(load(INJECT_EXCEPTION, VECTOR_GP, true, 0), 0x8000030d);
}

static void error_codes_go_with_the_vector_not_with_the_caller(void **state)
{
	assert_int_equal(load(INJECT_EXCEPTION, VECTOR_UD, true, 7), 0x80000306);
	assert_int_equal(load(INJECT_EXCEPTION, VECTOR_DF, false, 0), 0x80000b08);
}

static void an_interrupted_delivery_goes_in_again(void **state)
{
	static const uint32_t again[] = { 0x80000041, 0x80000b0e, 0x80000202, 0x80000306 };

	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		vmwrite(VMCS_VECTORING_ERROR, 0x1234);
		vmwrite(VMCS_ENTRY_EVENT_ERROR, 0);
		vmx_event_save(&vcpu, again[i]);
		vmx_event_load(&vcpu);
		assert_int_equal(vmread(VMCS_ENTRY_EVENT), again[i]);
		assert_int_equal(vmread(VMCS_ENTRY_EVENT_ERROR),
				 again[i] & VMX_EVENT_HAS_ERROR ? 0x1234 : 0);
	}
}

static void an_interrupted_int_n_runs_again_instead(void **state)
{
	static const uint32_t soft[] = { 0x80000480, 0x80000501, 0x80000603, 0x80000604 };

	for (size_t i = 0; i < ARRAY_SIZE(soft); i++) {
		vmx_event_save(&vcpu, soft[i]);
		assert_int_equal(vcpu.inject.kind, INJECT_NONE);
	}
	assert_int_equal(load(INJECT_SOFTWARE, 0x80, false, 0), 0);
}

static void int1_goes_in_with_its_length(void **state)
{
	vcpu.inject = (struct vcpu_event){ INJECT_SOFTWARE, VECTOR_DB, .insn_len = 1 };
	vmx_event_load(&vcpu);
	assert_int_equal(vmread(VMCS_ENTRY_EVENT), 0x80000501);
	assert_int_equal(vmread(VMCS_ENTRY_INSN_LENGTH), 1);
}

static void what_goes_in_ends_the_shadow(void **state)
{
	static const uint8_t kinds[] = { INJECT_IRQ, INJECT_NMI, INJECT_EXCEPTION };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		blocked_by(BLOCKED_BY_STI);
		load(kinds[i], VECTOR_DB, false, 0);
		assert_int_equal(vmread(VMCS_GUEST_INTERRUPTIBILITY), 0);
		assert_int_equal(own.interruptibility, 0);
	}
}

static void an_nmi_that_goes_in_again_finds_nmis_unblocked(void **state)
{
	blocked_by(BLOCKED_BY_NMI);
	load(INJECT_NMI, VECTOR_NMI, false, 0);
	assert_int_equal(vmread(VMCS_GUEST_INTERRUPTIBILITY), 0);
	blocked_by(BLOCKED_BY_NMI);
	load(INJECT_EXCEPTION, VECTOR_UD, false, 0);
	assert_int_equal(vmread(VMCS_GUEST_INTERRUPTIBILITY), BLOCKED_BY_NMI);
}

static void a_debug_exception_does_what_delivery_would(void **state)
{
	vmwrite(VMCS_GUEST_DR7, DR7_RESET | DR7_GD | 3);
	vmwrite(VMCS_GUEST_DEBUGCTL, 3);
	load(INJECT_EXCEPTION, VECTOR_DB, false, 0);
	assert_int_equal(vmread(VMCS_GUEST_DR7), DR7_RESET | 3);
	assert_int_equal(vmread(VMCS_GUEST_DEBUGCTL), 0);
}

static void injection_waits_for_if_shadow_nmi_and_other_events(void **state)
{
	assert_true(vmx_can_inject(&vcpu, INJECT_IRQ));
	assert_true(vmx_can_inject(&vcpu, INJECT_NMI));
	vcpu.regs.rflags = RFLAGS_FIXED;
	assert_false(vmx_can_inject(&vcpu, INJECT_IRQ));
	vcpu.regs.rflags |= RFLAGS_IF;
	blocked_by(BLOCKED_BY_MOV_SS);
	assert_false(vmx_can_inject(&vcpu, INJECT_IRQ));
	assert_false(vmx_can_inject(&vcpu, INJECT_NMI));
	assert_true(vmx_can_inject(&vcpu, INJECT_EXCEPTION));
	vmx_shadow_clear(&vcpu);
	blocked_by(BLOCKED_BY_NMI);
	assert_false(vmx_can_inject(&vcpu, INJECT_NMI));
	assert_true(vmx_can_inject(&vcpu, INJECT_IRQ));
	vcpu.inject.kind = INJECT_EXCEPTION;
	assert_false(vmx_can_inject(&vcpu, INJECT_IRQ));
	assert_false(vmx_can_inject(&vcpu, INJECT_EXCEPTION));
}

static void a_shadow_tells_whether_tf_traps_after_it(void **state)
{
	vmwrite(VMCS_GUEST_PENDING_DEBUG, PENDING_DEBUG_BS | 1);
	vmx_interruptibility(&vcpu, BLOCKED_BY_MOV_SS);
	assert_int_equal(vmread(VMCS_GUEST_PENDING_DEBUG), 1);
	vcpu.regs.rflags |= RFLAGS_TF;
	vmx_interruptibility(&vcpu, BLOCKED_BY_MOV_SS);
	assert_int_equal(vmread(VMCS_GUEST_PENDING_DEBUG), PENDING_DEBUG_BS | 1);
	vmwrite(VMCS_GUEST_DEBUGCTL, 2);
	vmx_interruptibility(&vcpu, BLOCKED_BY_MOV_SS);
	assert_int_equal(vmread(VMCS_GUEST_PENDING_DEBUG), 1);
}

static void windows_are_asked_for_and_closed_one_by_one(void **state)
{
	own.cpu_controls = CPU_HLT_EXIT;
	vmx_ask_window(&vcpu, INJECT_IRQ);
	vmx_ask_window(&vcpu, INJECT_NMI);
	assert_int_equal(vmread(VMCS_CPU_CONTROLS), CPU_HLT_EXIT | CPU_IRQ_WINDOW | CPU_NMI_WINDOW);
	vmx_window_close(&own, INJECT_IRQ);
	assert_int_equal(vmread(VMCS_CPU_CONTROLS), CPU_HLT_EXIT | CPU_NMI_WINDOW);
	vmx_window_close(&own, INJECT_NMI);
	assert_int_equal(vmread(VMCS_CPU_CONTROLS), CPU_HLT_EXIT);
	vmx_ask_cr8(&vcpu, 5);
	assert_int_equal(own.threshold, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(events_are_packed_as_the_manual_says, fresh),
		cmocka_unit_test_setup(real_mode_exceptions_have_no_error_code, fresh),
		cmocka_unit_test_setup(error_codes_go_with_the_vector_not_with_the_caller, fresh),
		cmocka_unit_test_setup(an_interrupted_delivery_goes_in_again, fresh),
		cmocka_unit_test_setup(an_interrupted_int_n_runs_again_instead, fresh),
		cmocka_unit_test_setup(int1_goes_in_with_its_length, fresh),
		cmocka_unit_test_setup(what_goes_in_ends_the_shadow, fresh),
		cmocka_unit_test_setup(an_nmi_that_goes_in_again_finds_nmis_unblocked, fresh),
		cmocka_unit_test_setup(a_debug_exception_does_what_delivery_would, fresh),
		cmocka_unit_test_setup(injection_waits_for_if_shadow_nmi_and_other_events, fresh),
		cmocka_unit_test_setup(a_shadow_tells_whether_tf_traps_after_it, fresh),
		cmocka_unit_test_setup(windows_are_asked_for_and_closed_one_by_one, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
