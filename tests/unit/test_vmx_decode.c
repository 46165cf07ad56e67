/*
 * VT-x's exits become neutral ones, and what an exit interrupted is not lost.
 */
// sources: arch/x86/vmx/decode.c tests/unit/fake_vmcs.c
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
static unsigned control_exits, irq_windows, nmi_windows;
static uint32_t saved;

void vmx_event_save(struct vcpu *v, uint32_t vectoring)
{
	saved = vectoring;
}

void vmx_interruptibility(struct vcpu *v, uint32_t value)
{
	own.interruptibility = value;
}

void vmx_control_exit(struct vcpu *v, struct vm_exit *e)
{
	control_exits++;
}

void vmx_window_close(struct vmx_vcpu *x, enum event_kind kind)
{
	if (kind == INJECT_IRQ)
		irq_windows++;
	else
		nmi_windows++;
}

static unsigned host_windows;

void vmx_timer_window(void)
{
	host_windows++;
}

void vmx_threshold(struct vmx_vcpu *x, uint8_t threshold)
{
	x->threshold = threshold;
}

uint8_t vmx_cpl(void)
{
	return 3;
}

static int fresh(void **state)
{
	fake_vmcs_clear();
	memset(&own, 0, sizeof(own));
	vcpu = (struct vcpu){ .arch = &own };
	control_exits = irq_windows = nmi_windows = host_windows = 0;
	saved = 0;
	vmwrite(VMCS_INSN_LENGTH, 2);
	return 0;
}

static struct vm_exit decode(uint32_t reason, uint64_t qualification)
{
	struct vm_exit e = { .insn_len = 99 };

	vmwrite(VMCS_QUALIFICATION, qualification);
	vmx_decode(&vcpu, &e, reason);
	return e;
}

static void an_instruction_tells_its_length(void **state)
{
	static const struct {
		uint32_t reason;
		enum vm_exit_kind kind;
	} of[] = {
		{ 10, EXIT_CPUID },     { 12, EXIT_HLT },       { 31, EXIT_RDMSR },
		{ 32, EXIT_WRMSR },     { 18, EXIT_HYPERCALL }, { 40, EXIT_PAUSE },
		{ 36, EXIT_MWAIT },     { 20, EXIT_VIRT_INSN }, { 55, EXIT_XSETBV },
		{ 13, EXIT_INVD },      { 11, EXIT_VIRT_INSN }, { 54, EXIT_WBINVD },
		{ 39, EXIT_MWAIT },     { 53, EXIT_VIRT_INSN }, { 76, EXIT_VIRT_INSN },
		{ 77, EXIT_VIRT_INSN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct vm_exit e = decode(of[i].reason, 0);

		assert_int_equal(e.kind, of[i].kind);
		assert_int_equal(e.insn_len, 2);
		assert_int_equal(e.reason, of[i].reason);
	}
	assert_int_equal(decode(18, 0).cpl, 3);
}

static void the_host_looks_for_interrupts_when_they_come_and_when_time_is_up(void **state)
{
	assert_int_equal(decode(10, 0).kind, EXIT_CPUID);
	assert_int_equal(host_windows, 0);
	assert_int_equal(decode(1, 0).kind, EXIT_HOST_IRQ);
	assert_int_equal(decode(52, 0).kind, EXIT_TIMER);
	assert_int_equal(host_windows, 2);
}

static void an_interrupt_has_no_length(void **state)
{
	assert_int_equal(decode(1, 0).kind, EXIT_HOST_IRQ);
	assert_int_equal(decode(1, 0).insn_len, 0);
	assert_int_equal(decode(2, 0).kind, EXIT_SHUTDOWN);
	assert_int_equal(decode(52, 0).kind, EXIT_TIMER);
}

static void reasons_that_nobody_asked_for_are_unknown(void **state)
{
	static const uint32_t reasons[] = { 16, 29, 35, 37, 49, 74, 1000, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		assert_int_equal(decode(reasons[i], 0).kind, EXIT_UNKNOWN);
	assert_string_equal(vmx_exit_name(48), "EPT_VIOLATION");
	assert_string_equal(vmx_exit_name(0x80000021), "INVALID_GUEST_STATE");
	assert_string_equal(vmx_exit_name(35), "?");
	assert_string_equal(vmx_exit_name(0xffff), "?");
}

static void a_port_access_tells_port_size_and_direction(void **state)
{
	struct vm_exit e = decode(30, 0x03f80000);

	assert_int_equal(e.kind, EXIT_PIO);
	assert_int_equal(e.pio.port, 0x3f8);
	assert_int_equal(e.pio.size, 1);
	assert_false(e.pio.in || e.pio.string);
	e = decode(30, 0x0cfc0000 | BIT(3) | 3);
	assert_int_equal(e.pio.size, 4);
	assert_true(e.pio.in);
}

static void a_string_port_access_tells_address_size_and_segment(void **state)
{
	struct vm_exit e;

	vmwrite(VMCS_INSN_INFO, 2 << 7 | (uint64_t)SEG_FS << 15);
	e = decode(30, BIT(4) | BIT(5) | 1);
	assert_true(e.pio.string && e.pio.rep && !e.pio.in);
	assert_int_equal(e.pio.size, 2);
	assert_int_equal(e.pio.addr_bytes, 8);
	assert_int_equal(e.pio.segment, SEG_FS);
	vmwrite(VMCS_INSN_INFO, 0);
	e = decode(30, BIT(4) | BIT(3));
	assert_true(e.pio.string && e.pio.in && !e.pio.rep);
	assert_int_equal(e.pio.addr_bytes, 2);
}

static void cr8_goes_to_the_core_and_the_rest_to_control(void **state)
{
	struct vm_exit e = decode(28, 8 | 0 << 4 | GPR_RSI << 8);

	assert_int_equal(e.kind, EXIT_CR8);
	assert_true(e.cr8.write);
	assert_int_equal(e.cr8.gpr, GPR_RSI);
	e = decode(28, 8 | 1 << 4 | GPR_R15 << 8);
	assert_false(e.cr8.write);
	assert_int_equal(e.cr8.gpr, GPR_R15);
	assert_int_equal(control_exits, 0);
	decode(28, 4);
	assert_int_equal(control_exits, 1);
}

static void a_nested_fault_tells_what_was_tried(void **state)
{
	struct vm_exit e;

	vmwrite(VMCS_GUEST_PHYSICAL, 0xfee00380);
	e = decode(48, BIT(0));
	assert_int_equal(e.kind, EXIT_NESTED_FAULT);
	assert_int_equal(e.fault.gpa.v, 0xfee00380);
	assert_false(e.fault.write || e.fault.exec);
	assert_true(decode(48, BIT(1)).fault.write);
	assert_true(decode(48, BIT(2)).fault.exec);
	assert_int_equal(saved, 0);
}

static void an_interrupted_delivery_is_kept(void **state)
{
	vmwrite(VMCS_VECTORING, VMX_EVENT_VALID | 0x41);
	decode(48, 0);
	assert_int_equal(saved, VMX_EVENT_VALID | 0x41);
	saved = 0;
	decode(10, 0);
	assert_int_equal(saved, 0);
}

static void a_faulting_iret_blocks_nmis_again(void **state)
{
	decode(48, BIT(12));
	assert_true(own.interruptibility & BLOCKED_BY_NMI);
	own.interruptibility = 0;
	vmwrite(VMCS_VECTORING, VMX_EVENT_VALID | 2 | VMX_EVENT_NMI << 8);
	decode(48, BIT(12));
	assert_int_equal(own.interruptibility, 0);
}

static void an_exception_brings_vector_and_error(void **state)
{
	struct vm_exit e;

	vmwrite(VMCS_EXIT_EVENT, VMX_EVENT_VALID | VMX_EVENT_EXCEPTION << 8 | VECTOR_UD);
	e = decode(0, 0);
	assert_int_equal(e.kind, EXIT_EXCEPTION);
	assert_int_equal(e.exception.vector, VECTOR_UD);
	assert_false(e.exception.has_error);
	vmwrite(VMCS_EXIT_EVENT, VMX_EVENT_VALID | VMX_EVENT_HAS_ERROR | VMX_EVENT_NMI_UNBLOCKED |
					 VMX_EVENT_EXCEPTION << 8 | VECTOR_AC);
	vmwrite(VMCS_EXIT_EVENT_ERROR, 0);
	e = decode(0, 0);
	assert_true(e.exception.has_error);
	assert_true(own.interruptibility & BLOCKED_BY_NMI);
}

static void a_task_switch_tells_where_from(void **state)
{
	struct vm_exit e = decode(9, 0x40000028);

	assert_int_equal(e.kind, EXIT_TASK_SWITCH);
	assert_int_equal(e.task.selector, 0x28);
	assert_int_equal(e.task.source, TASK_IRET);
	assert_false(e.task.from_event);
	vmwrite(VMCS_VECTORING, VMX_EVENT_VALID | VMX_EVENT_EXCEPTION << 8 | VECTOR_DF);
	e = decode(9, 0xc0000030);
	assert_int_equal(e.task.source, TASK_GATE);
	assert_true(e.task.from_event);
	assert_int_equal(field_get(VMX_EVENT_VECTOR, saved), VECTOR_DF);
}

static void windows_close_when_they_come(void **state)
{
	own.threshold = 5;
	assert_int_equal(decode(7, 0).kind, EXIT_IRQ_WINDOW);
	assert_int_equal(irq_windows, 1);
	assert_int_equal(decode(8, 0).kind, EXIT_NMI_WINDOW);
	assert_int_equal(nmi_windows, 1);
	assert_int_equal(own.threshold, 5);
	assert_int_equal(decode(43, 0).kind, EXIT_IRQ_WINDOW);
	assert_int_equal(own.threshold, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_instruction_tells_its_length, fresh),
		cmocka_unit_test_setup(an_interrupt_has_no_length, fresh),
		cmocka_unit_test_setup(
			the_host_looks_for_interrupts_when_they_come_and_when_time_is_up, fresh),
		cmocka_unit_test_setup(reasons_that_nobody_asked_for_are_unknown, fresh),
		cmocka_unit_test_setup(a_port_access_tells_port_size_and_direction, fresh),
		cmocka_unit_test_setup(a_string_port_access_tells_address_size_and_segment, fresh),
		cmocka_unit_test_setup(cr8_goes_to_the_core_and_the_rest_to_control, fresh),
		cmocka_unit_test_setup(a_nested_fault_tells_what_was_tried, fresh),
		cmocka_unit_test_setup(an_interrupted_delivery_is_kept, fresh),
		cmocka_unit_test_setup(a_faulting_iret_blocks_nmis_again, fresh),
		cmocka_unit_test_setup(an_exception_brings_vector_and_error, fresh),
		cmocka_unit_test_setup(a_task_switch_tells_where_from, fresh),
		cmocka_unit_test_setup(windows_close_when_they_come, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
