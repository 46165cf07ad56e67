/*
 * Events into a guest and out of it again, windows, and the step past one instruction, against a
 * CPU that the test plays: it changes the VMCB as an exit would.
 */
// sources: arch/x86/svm/inject.c arch/x86/svm/step.c
#include "arch/x86/svm/svm_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/lapic.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/caps.h"

struct svm_caps svm_caps;

static unsigned ipis;
static struct vmcb vmcb;
static struct svm_vcpu own;
static struct vcpu vcpu;

uint32_t lapic_id(void)
{
	return 5;
}

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
	assert_int_equal(apic_id, 5);
	assert_int_equal(vector, IRQ_VECTOR_LEAVE);
	ipis++;
}

static int fresh(void **state)
{
	ipis = 0;
	memset(&svm_caps, 0, sizeof(svm_caps));
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&own, 0, sizeof(own));
	memset(&vcpu, 0, sizeof(vcpu));
	own.vmcb = &vmcb;
	vcpu.arch = &own;
	vcpu.regs.rip = 0x1000;
	vcpu.regs.rflags = RFLAGS_FIXED | RFLAGS_IF;
	return 0;
}

static void set_event(enum event_kind kind, uint8_t vector, bool has_error, uint32_t error)
{
	vcpu.inject = (struct vcpu_event){ kind, vector, has_error, 0, error };
}

/* As run() does before VMRUN. */
static void enter(void)
{
	vmcb.event_inj = vcpu.inject.kind ? svm_event_load(&vcpu) : 0;
	if (vmcb.int_state & VMCB_INT_SHADOW || own.care)
		svm_step_enter(&vcpu);
}

/* The CPU left for another reason than #DB. */
static struct vm_exit leave(enum vm_exit_kind kind, uint64_t rip)
{
	struct vm_exit e = { .kind = kind };

	vcpu.regs.rip = rip;
	vmcb.int_state = 0;
	if (own.watching)
		svm_step_exit(&vcpu, &e);
	return e;
}

/* The step was completed. */
static struct vm_exit leave_by_step(uint64_t rip)
{
	struct vm_exit e = { .kind = EXIT_EXCEPTION };

	e.exception.vector = VECTOR_DB;
	vmcb.dr6 |= DR6_BS;
	vcpu.regs.rip = rip;
	svm_step_exit(&vcpu, &e);
	return e;
}

static void events_are_packed_as_the_manual_says(void **state)
{
	set_event(INJECT_IRQ, 0x31, false, 0);
	assert_int_equal(svm_event_load(&vcpu), 0x80000031);
	assert_int_equal(vcpu.inject.kind, INJECT_NONE);
	set_event(INJECT_EXCEPTION, VECTOR_GP, true, 0x58);
	assert_true(svm_event_load(&vcpu) == 0x5880000b0dull);
	set_event(INJECT_SOFTWARE, 0x80, false, 0);
	assert_int_equal(svm_event_load(&vcpu), 0);
	vmcb.dr7 = DR7_RESET | DR7_GD;
	set_event(INJECT_EXCEPTION, VECTOR_DB, false, 0);
	assert_int_equal(svm_event_load(&vcpu), 0x80000301);
	assert_int_equal(vmcb.dr7, DR7_RESET);
}

static void an_interrupted_delivery_goes_in_again(void **state)
{
	static const uint64_t again[] = { 0x80000041, 0x5880000b0dull, 0x80000202, 0x8000030e };

	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		vmcb.exit_int_info = again[i];
		svm_event_save(&vcpu);
		assert_true(svm_event_load(&vcpu) == again[i]);
	}
}

static void an_interrupted_int_n_runs_again_instead(void **state)
{
	static const uint64_t soft[] = { 0x80000480, 0x80000303, 0x80000304, 0x80000403 };

	for (size_t i = 0; i < ARRAY_SIZE(soft); i++) {
		vmcb.exit_int_info = soft[i];
		svm_event_save(&vcpu);
		assert_int_equal(vcpu.inject.kind, INJECT_NONE);
	}
}

static void where_interrupts_may_come_twice_detours_are_made(void **state)
{
	uint64_t packed;

	svm_caps.irq_twice = true;
	set_event(INJECT_IRQ, 0x31, false, 0);
	packed = svm_event_load(&vcpu);
	assert_int_equal(packed & ~(uint64_t)VMCB_EVENT_OURS, 0x80000431);
	assert_int_equal(ipis, 0);
	vmcb.exit_int_info = packed;
	svm_event_save(&vcpu);
	assert_int_equal(vcpu.inject.kind, INJECT_IRQ);
	assert_int_equal(vcpu.inject.vector, 0x31);
	vmcb.cpl = 3;
	assert_int_equal(svm_event_load(&vcpu), 0x80000031);
	assert_int_equal(ipis, 1);
	set_event(INJECT_EXCEPTION, VECTOR_GP, true, 0x58);
	assert_true(svm_event_load(&vcpu) == 0x5880000b0dull);
	assert_int_equal(ipis, 1);
}

static void injection_waits_for_if_shadow_nmi_and_other_events(void **state)
{
	assert_true(svm_can_inject(&vcpu, INJECT_IRQ));
	assert_true(svm_can_inject(&vcpu, INJECT_NMI));
	vcpu.regs.rflags = RFLAGS_FIXED;
	assert_false(svm_can_inject(&vcpu, INJECT_IRQ));
	vcpu.regs.rflags |= RFLAGS_IF;
	vmcb.int_state = VMCB_INT_SHADOW;
	assert_false(svm_can_inject(&vcpu, INJECT_IRQ));
	assert_false(svm_can_inject(&vcpu, INJECT_NMI));
	assert_true(svm_can_inject(&vcpu, INJECT_EXCEPTION));
	svm_shadow_clear(&vcpu);
	svm_nmi_block(&own, true);
	assert_false(svm_can_inject(&vcpu, INJECT_NMI));
	assert_true(svm_can_inject(&vcpu, INJECT_IRQ));
	set_event(INJECT_EXCEPTION, VECTOR_UD, false, 0);
	assert_false(svm_can_inject(&vcpu, INJECT_IRQ));
	assert_false(svm_can_inject(&vcpu, INJECT_EXCEPTION));
}

static void a_window_is_an_intercepted_virtual_interrupt(void **state)
{
	svm_ask_window(&vcpu, INJECT_IRQ);
	assert_true(vmcb.v_irq & VMCB_V_IRQ && vmcb.v_prio & VMCB_V_IGNORE_TPR);
	assert_true(vmcb.intercept_misc1 & VMCB_INTERCEPT_VINTR);
	svm_window_close(&own);
	assert_int_equal(vmcb.v_irq, 0);
	assert_int_equal(vmcb.intercept_misc1, 0);
	assert_int_equal(vmcb.intercept_cr_write, 0);
}

static void a_write_to_cr8_is_stepped_past_and_then_told(void **state)
{
	svm_ask_cr8(&vcpu, 5);
	assert_int_equal(vmcb.intercept_cr_write, VMCB_INTERCEPT_CR8);
	assert_int_equal(vmcb.v_irq, 0);
	own.care = CARE_CR8; /* as decode.c does at the intercepted write */
	svm_ask_window(&vcpu, INJECT_IRQ);
	enter();
	assert_true(own.stepping);
	assert_int_equal(vmcb.v_irq, 0);
	assert_int_equal(vmcb.intercept_cr_write, 0);
	assert_int_equal(leave_by_step(0x1003).kind, EXIT_IRQ_WINDOW);
	assert_int_equal(own.care, 0);
	assert_int_equal(vmcb.intercept_cr_write, 0);
}

static void an_open_window_survives_a_step_that_was_cut_short(void **state)
{
	svm_ask_window(&vcpu, INJECT_IRQ);
	own.care = CARE_CR8;
	enter();
	leave(EXIT_HOST_IRQ, 0x1000);
	assert_int_equal(vmcb.v_irq, VMCB_V_IRQ);
	assert_int_equal(vmcb.intercept_cr_write, VMCB_INTERCEPT_CR8);
	assert_int_equal(own.care, 0);
}

static void hlt_after_sti_exits_with_the_shadow_still_there(void **state)
{
	vmcb.int_state = VMCB_INT_SHADOW;
	svm_ask_window(&vcpu, INJECT_IRQ);
	enter();
	assert_true(own.stepping && vcpu.regs.rflags & RFLAGS_TF);
	assert_int_equal(vmcb.v_irq, 0);
	assert_int_equal(leave(EXIT_HLT, 0x1000).kind, EXIT_HLT);
	assert_int_equal(vcpu.regs.rflags, RFLAGS_FIXED | RFLAGS_IF);
	assert_false(svm_can_inject(&vcpu, INJECT_IRQ));
	assert_int_equal(vmcb.v_irq, VMCB_V_IRQ);
	assert_int_equal(vmcb.intercept_exceptions, SVM_EXCEPTIONS);
	svm_shadow_clear(&vcpu);
	assert_true(svm_can_inject(&vcpu, INJECT_IRQ));
}

static void another_instruction_in_the_shadow_is_stepped_past(void **state)
{
	vmcb.dr6 = DR6_RESET;
	vmcb.int_state = VMCB_INT_SHADOW;
	svm_ask_window(&vcpu, INJECT_IRQ);
	enter();
	assert_int_equal(leave_by_step(0x1002).kind, EXIT_IRQ_WINDOW);
	assert_int_equal(vmcb.dr6, DR6_RESET);
	assert_int_equal(vcpu.inject.kind, INJECT_NONE);
	assert_true(svm_can_inject(&vcpu, INJECT_IRQ));
	assert_false(own.irq_window);
}

static void the_guests_own_step_gets_its_debug_exception(void **state)
{
	vcpu.regs.rflags |= RFLAGS_TF;
	vmcb.int_state = VMCB_INT_SHADOW;
	svm_ask_window(&vcpu, INJECT_IRQ);
	enter();
	assert_int_equal(leave_by_step(0x1002).kind, EXIT_IRQ_WINDOW);
	assert_int_equal(vcpu.inject.vector, VECTOR_DB);
	assert_int_equal(vcpu.inject.kind, INJECT_EXCEPTION);
	assert_true(vmcb.dr6 & DR6_BS && vcpu.regs.rflags & RFLAGS_TF);
}

static void a_host_interrupt_does_not_end_the_shadow(void **state)
{
	vmcb.int_state = VMCB_INT_SHADOW;
	enter();
	assert_false(own.stepping);
	leave(EXIT_HOST_IRQ, 0x1000);
	assert_false(svm_can_inject(&vcpu, INJECT_IRQ));
	enter();
	leave(EXIT_HOST_IRQ, 0x1001);
	assert_true(svm_can_inject(&vcpu, INJECT_IRQ));
}

static void an_injected_event_ends_the_shadow_without_a_step(void **state)
{
	vmcb.int_state = VMCB_INT_SHADOW;
	svm_ask_window(&vcpu, INJECT_IRQ);
	set_event(INJECT_EXCEPTION, VECTOR_GP, true, 0);
	enter();
	assert_false(own.stepping || vcpu.regs.rflags & RFLAGS_TF);
	assert_int_equal(vmcb.int_state, 0);
	assert_int_equal(vmcb.v_irq, VMCB_V_IRQ);
}

static void nmis_are_blocked_until_the_iret_is_done(void **state)
{
	set_event(INJECT_NMI, VECTOR_NMI, false, 0);
	enter();
	assert_true(vmcb.intercept_misc1 & VMCB_INTERCEPT_IRET);
	svm_ask_window(&vcpu, INJECT_NMI);
	enter();
	assert_false(own.stepping);
	leave(EXIT_HOST_IRQ, 0x2000);
	assert_false(svm_can_inject(&vcpu, INJECT_NMI));
	/* As decode.c does at the intercepted IRET. */
	vmcb.intercept_misc1 = 0;
	own.care |= CARE_IRET;
	enter();
	assert_true(own.stepping);
	assert_int_equal(leave_by_step(0x1000).kind, EXIT_NMI_WINDOW);
	assert_true(svm_can_inject(&vcpu, INJECT_NMI));
	assert_int_equal(own.care, 0);
}

static void an_event_at_the_iret_leaves_nmis_blocked(void **state)
{
	svm_nmi_block(&own, true);
	vmcb.intercept_misc1 = 0;
	own.care = CARE_IRET;
	set_event(INJECT_EXCEPTION, VECTOR_GP, true, 0);
	enter();
	assert_true(vmcb.intercept_misc1 & VMCB_INTERCEPT_IRET && own.nmi_blocked);
	assert_int_equal(own.care, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(events_are_packed_as_the_manual_says, fresh),
		cmocka_unit_test_setup(an_interrupted_delivery_goes_in_again, fresh),
		cmocka_unit_test_setup(an_interrupted_int_n_runs_again_instead, fresh),
		cmocka_unit_test_setup(where_interrupts_may_come_twice_detours_are_made, fresh),
		cmocka_unit_test_setup(injection_waits_for_if_shadow_nmi_and_other_events, fresh),
		cmocka_unit_test_setup(a_window_is_an_intercepted_virtual_interrupt, fresh),
		cmocka_unit_test_setup(a_write_to_cr8_is_stepped_past_and_then_told, fresh),
		cmocka_unit_test_setup(an_open_window_survives_a_step_that_was_cut_short, fresh),
		cmocka_unit_test_setup(hlt_after_sti_exits_with_the_shadow_still_there, fresh),
		cmocka_unit_test_setup(another_instruction_in_the_shadow_is_stepped_past, fresh),
		cmocka_unit_test_setup(the_guests_own_step_gets_its_debug_exception, fresh),
		cmocka_unit_test_setup(a_host_interrupt_does_not_end_the_shadow, fresh),
		cmocka_unit_test_setup(an_injected_event_ends_the_shadow_without_a_step, fresh),
		cmocka_unit_test_setup(nmis_are_blocked_until_the_iret_is_done, fresh),
		cmocka_unit_test_setup(an_event_at_the_iret_leaves_nmis_blocked, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
