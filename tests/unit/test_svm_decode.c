/*
 * AMD-V's exits become neutral ones; what VMRUN would refuse is named; segments survive the way
 * into a VMCB and back.
 */
// sources: arch/x86/svm/decode.c arch/x86/svm/check.c arch/x86/svm/segment.c
#include "arch/x86/svm/svm_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/lapic.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/caps.h"

struct svm_caps svm_caps;
void lapic_look_again(void)
{
}

static unsigned dumps, windows;

void svm_dump(const struct vcpu *v)
{
	dumps++;
}

void svm_window_close(struct svm_vcpu *s)
{
	windows++;
}

static struct vmcb vmcb;
static struct svm_vcpu own;
static struct vcpu vcpu;

static struct vm_exit decode(uint64_t code, uint64_t info1, uint64_t info2)
{
	struct vm_exit e = { 0 };

	own.vmcb = &vmcb;
	vcpu.arch = &own;
	vmcb.exit_code = code;
	vmcb.exit_info1 = info1;
	vmcb.exit_info2 = info2;
	svm_decode(&vcpu, &e);
	return e;
}

static int fresh(void **state)
{
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&own, 0, sizeof(own));
	memset(&svm_caps, 0, sizeof(svm_caps));
	dumps = windows = 0;
	return 0;
}

static void lengths_come_from_next_rip_where_it_is_there(void **state)
{
	vmcb.rip = 0x1000;
	vmcb.next_rip = 0x1003;
	assert_int_equal(decode(0x72, 0, 0).kind, EXIT_CPUID);
	assert_int_equal(decode(0x72, 0, 0).insn_len, 0);
	svm_caps.features = BIT(SVM_NEXT_RIP);
	assert_int_equal(decode(0x81, 0, 0).kind, EXIT_HYPERCALL);
	assert_int_equal(decode(0x81, 0, 0).insn_len, 3);
}

static void port_accesses_are_taken_apart(void **state)
{
	struct vm_exit e;

	vmcb.rip = 0x1000;
	e = decode(0x7b, 0x03f80000 | BIT(4), 0x1002); /* out 0x3f8, al */
	assert_int_equal(e.kind, EXIT_PIO);
	assert_int_equal(e.pio.port, 0x3f8);
	assert_int_equal(e.pio.size, 1);
	assert_int_equal(e.insn_len, 2);
	assert_false(e.pio.in || e.pio.string);

	e = decode(0x7b, 0x01f00000 | BIT(0) | BIT(2) | BIT(3) | BIT(5) | BIT(8), 0x1003);
	assert_true(e.pio.in && e.pio.string && e.pio.rep);
	assert_int_equal(e.pio.size, 2);
	assert_int_equal(e.pio.addr_bytes, 4);
	assert_int_equal(e.pio.segment, SEG_ES);
	assert_int_equal(decode(0x7b, BIT(6) | BIT(2) | BIT(9), 0x1001).pio.addr_bytes, 8);
	assert_int_equal(decode(0x7b, BIT(6) | BIT(2) | BIT(9), 0x1001).pio.size, 4);
}

static void faults_msrs_and_exceptions_carry_their_details(void **state)
{
	struct vm_exit e = decode(0x400, BIT(1) | BIT(32), 0xfee00300);

	assert_int_equal(e.kind, EXIT_NESTED_FAULT);
	assert_int_equal(e.fault.gpa.v, 0xfee00300);
	assert_true(e.fault.write && !e.fault.exec);
	assert_int_equal(decode(0x7c, 0, 0).kind, EXIT_RDMSR);
	assert_int_equal(decode(0x7c, 1, 0).kind, EXIT_WRMSR);

	e = decode(0x4e, 2, 0xdead000);
	assert_int_equal(e.kind, EXIT_EXCEPTION);
	assert_int_equal(e.exception.vector, VECTOR_PF);
	assert_true(e.exception.has_error && e.exception.error == 2);
	assert_int_equal(vmcb.cr2, 0xdead000);
	assert_false(decode(0x46, 0, 0).exception.has_error);
	vmcb.dr6 = 0x4ff0;
	assert_int_equal(decode(0x41, 0, 0).exception.qualification, 0x4ff0);
}

static void refused_entries_are_known_in_both_widths(void **state)
{
	assert_int_equal(decode(~0ull, 0, 0).kind, EXIT_ENTRY_FAILED);
	assert_int_equal(decode(0xffffffff, 0, 0).kind, EXIT_ENTRY_FAILED);
	assert_int_equal(dumps, 2);
	assert_int_equal(decode(0x65, 0, 0).kind, EXIT_UNKNOWN);
	assert_int_equal(decode(0x401, 0, 0).kind, EXIT_UNKNOWN);
	assert_string_equal(svm_exit_name(0x72), "CPUID");
	assert_string_equal(svm_exit_name(0x400), "NPF");
	assert_string_equal(svm_exit_name(0x403), "?");
}

static void windows_are_told_and_irets_remembered(void **state)
{
	assert_int_equal(decode(0x64, 0, 0).kind, EXIT_IRQ_WINDOW);
	assert_int_equal(windows, 1);
	vmcb.intercept_misc1 = VMCB_INTERCEPT_IRET;
	assert_int_equal(decode(0x74, 0, 0).kind, EXIT_NMI_WINDOW);
	assert_int_equal(vmcb.intercept_misc1, 0);
	assert_int_equal(own.care, CARE_IRET);
}

static void make_valid(void)
{
	vmcb.efer = EFER_SVME;
	vmcb.cr0 = CR0_CD | CR0_NW | CR0_ET;
	vmcb.dr6 = DR6_RESET;
	vmcb.dr7 = DR7_RESET;
	vmcb.pat = PAT_RESET;
	vmcb.asid = 1;
	vmcb.nested_cr3 = 0;
	vmcb.intercept_misc2 = VMCB_INTERCEPT_VMRUN;
}

static void what_vmrun_refuses_is_named(void **state)
{
	make_valid();
	assert_null(svm_check(&vmcb, 40, 0));
	vmcb.cr0 = CR0_NW | CR0_PG;
	vmcb.efer |= EFER_LME;
	assert_string_equal(svm_check(&vmcb, 40, 0), "CR0.NW is set and CR0.CD is clear");
	assert_string_equal(svm_check(&vmcb, 40, 1), "EFER.LME and CR0.PG without CR4.PAE");
	assert_string_equal(svm_check(&vmcb, 40, 2), "EFER.LME and CR0.PG without CR0.PE");
	assert_null(svm_check(&vmcb, 40, 3));
	make_valid();
	vmcb.pat = 0x0002;
	vmcb.nested_cr3 = BIT(40);
	assert_string_equal(svm_check(&vmcb, 40, 0), "the nested CR3 lies beyond physical memory");
	assert_string_equal(svm_check(&vmcb, 40, 1), "the PAT has a reserved memory type");
	make_valid();
	vmcb.event_inj = VMCB_EVENT_VALID | 3 << 8 | VECTOR_NMI;
	assert_string_equal(svm_check(&vmcb, 40, 0),
			    "an exception with vector 2 or above 31 is injected");
}

static void assert_same(const struct vcpu_segment *a, const struct vcpu_segment *b)
{
	assert_int_equal(a->selector, b->selector);
	assert_int_equal(a->attributes, b->attributes);
	assert_int_equal(a->limit, b->limit);
	assert_true(a->base == b->base);
}

static void segments_survive_the_way_in_and_back(void **state)
{
	struct vcpu_segment code = { 0x10, 0xa09b, 0xffffffff, 0x1234 }, out;
	struct vcpu_segment none = { 0, SEGMENT_UNUSABLE, 0, 0 };
	struct vcpu_segment stack = { 0x2b, 0xc0f3, 0xffffffff, 0 };

	decode(0x60, 0, 0);
	svm_set_segment(&vmcb, SEG_CS, &code);
	assert_int_equal(vmcb.segment[VMCB_CS].attributes, 0xa9b);
	svm_get_segment(&vcpu, SEG_CS, &out);
	assert_same(&out, &code);

	svm_set_segment(&vmcb, SEG_SS, &stack);
	assert_int_equal(vmcb.cpl, 3);
	svm_get_segment(&vcpu, SEG_SS, &out);
	assert_same(&out, &stack);

	svm_set_segment(&vmcb, SEG_DS, &none);
	svm_get_segment(&vcpu, SEG_DS, &out);
	assert_true(out.attributes & SEGMENT_UNUSABLE);
	svm_set_segment(&vmcb, SEG_TR, &code);
	assert_int_equal(vmcb.segment[VMCB_TR].selector, 0x10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lengths_come_from_next_rip_where_it_is_there, fresh),
		cmocka_unit_test_setup(port_accesses_are_taken_apart, fresh),
		cmocka_unit_test_setup(faults_msrs_and_exceptions_carry_their_details, fresh),
		cmocka_unit_test_setup(refused_entries_are_known_in_both_widths, fresh),
		cmocka_unit_test_setup(windows_are_told_and_irets_remembered, fresh),
		cmocka_unit_test_setup(what_vmrun_refuses_is_named, fresh),
		cmocka_unit_test_setup(segments_survive_the_way_in_and_back, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
