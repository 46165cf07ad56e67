/*
 * Segments on their way into a VMCS in memory: each comes out unchanged if an entry accepts it, and
 * fit for one if it does not. vmx_check is the judge.
 */
// sources: arch/x86/vmx/segment.c arch/x86/vmx/check.c tests/unit/fake_vmcs.c
// flags: -include tests/unit/fake_vmcs.h
#include "arch/x86/vmx/vmx_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"

static struct vcpu vcpu;

struct vmx_vcpu *vmx_use(const struct vcpu *v)
{
	return NULL;
}

/* 32-bit protected mode with flat segments. */
static int fresh(void **state)
{
	fake_vmcs_clear();
	vmwrite(VMCS_GUEST_CR0, CR0_PE | CR0_NE);
	vmwrite(VMCS_GUEST_CR4, CR4_VMXE);
	vmwrite(VMCS_GUEST_PAT, PAT_RESET);
	vmwrite(VMCS_GUEST_RFLAGS, RFLAGS_FIXED);
	vmwrite(VMCS_LINK_POINTER, ~0ull);
	for (unsigned n = 0; n < SEG_COUNT; n++)
		vmx_set_segment(n, &(struct vcpu_segment){ 8, 0xc093, UINT32_MAX, 0 });
	vmx_set_segment(SEG_CS, &(struct vcpu_segment){ 16, 0xc09b, UINT32_MAX, 0 });
	vmx_set_segment(SEG_TR, &(struct vcpu_segment){ 24, 0x8b, 0x67, 0 });
	vmx_set_segment(SEG_LDTR, &(struct vcpu_segment){ 0, 0x10082, 0, 0 });
	assert_null(vmx_check(vmread, 40, 0));
	return 0;
}

/* Sets it, finds nothing wrong, and gives back what is there. */
static struct vcpu_segment set(enum vcpu_seg n, struct vcpu_segment in)
{
	struct vcpu_segment out;
	const char *wrong;

	vmx_set_segment(n, &in);
	wrong = vmx_check(vmread, 40, 0);
	if (wrong != NULL)
		fail_msg("%s", wrong);
	vmx_get_segment(&vcpu, n, &out);
	return out;
}

static void unchanged(enum vcpu_seg n, struct vcpu_segment in)
{
	struct vcpu_segment out = set(n, in);

	assert_int_equal(out.selector, in.selector);
	assert_int_equal(out.attributes, in.attributes);
	assert_int_equal(out.limit, in.limit);
	assert_int_equal(out.base, in.base);
}

static void what_an_entry_accepts_stays_as_it_is(void **state)
{
	unchanged(SEG_DS, (struct vcpu_segment){ 0x10, 0xc093, UINT32_MAX, 0x1000 });
	unchanged(SEG_ES, (struct vcpu_segment){ 0x13, 0x40f3, 0x12345, 0xfffff000 });
	unchanged(SEG_FS, (struct vcpu_segment){ 0, 0x10000, 0, ~0xfffull });
	unchanged(SEG_SS, (struct vcpu_segment){ 0x18, 0x4097, 0xfff, 0 });
	unchanged(SEG_CS, (struct vcpu_segment){ 0x20, 0x409f, 0xffff, 0 });
	unchanged(SEG_TR, (struct vcpu_segment){ 0x28, 0x83, 0x2b, 0x5000 });
	unchanged(SEG_LDTR, (struct vcpu_segment){ 0x30, 0x82, 0xff, 0x6000 });
}

static void a_stack_without_a_segment_keeps_its_privilege(void **state)
{
	vmx_set_segment(SEG_CS, &(struct vcpu_segment){ 0x33, 0xa0fb, UINT32_MAX, 0 });
	unchanged(SEG_SS, (struct vcpu_segment){ 0, 0x10060, 0, 0 });
	assert_int_equal(vmx_cpl(), 3);
}

static void a_task_register_becomes_busy_and_usable(void **state)
{
	assert_int_equal(set(SEG_TR, (struct vcpu_segment){ 4, 0x89, 0x67, 0 }).attributes, 0x8b);
	assert_int_equal(set(SEG_TR, (struct vcpu_segment){ 0, 0x81, 0x2b, 0 }).attributes, 0x83);
	assert_int_equal(set(SEG_TR, (struct vcpu_segment){ 0, 0x10000, 0, 0 }).attributes, 0x83);
}

static void an_absent_segment_is_unusable(void **state)
{
	assert_true(set(SEG_DS, (struct vcpu_segment){ 0, 0, 0, 0 }).attributes & SEGMENT_UNUSABLE);
	assert_true(set(SEG_LDTR, (struct vcpu_segment){ 0, 2, 0, 0 }).attributes &
		    SEGMENT_UNUSABLE);
}

static void a_segment_in_use_was_accessed(void **state)
{
	assert_int_equal(set(SEG_DS, (struct vcpu_segment){ 8, 0x92, 0, 0 }).attributes, 0x93);
	assert_int_equal(set(SEG_ES, (struct vcpu_segment){ 8, 0x98, 0, 0 }).attributes, 0x9b);
	assert_int_equal(set(SEG_SS, (struct vcpu_segment){ 8, 0x90, 0, 0 }).attributes, 0x93);
	assert_int_equal(set(SEG_CS, (struct vcpu_segment){ 8, 0x98, 0, 0 }).attributes, 0x99);
}

static void the_granularity_fits_the_limit(void **state)
{
	struct vcpu_segment s = set(SEG_DS, (struct vcpu_segment){ 8, 0x93, 0x12345678, 0 });

	assert_int_equal(s.attributes, 0x8093);
	assert_int_equal(s.limit, 0x12345fff);
	s = set(SEG_DS, (struct vcpu_segment){ 8, 0x8093, 0x678, 0 });
	assert_int_equal(s.attributes, 0x93);
	assert_int_equal(s.limit, 0x678);
}

static void real_mode_code_is_as_after_reset(void **state)
{
	vmwrite(VMCS_GUEST_CR0, CR0_NE);
	assert_int_equal(set(SEG_CS, (struct vcpu_segment){ 0xf003, 0x9b, 0xffff, 0 }).attributes,
			 0x93);
}

static void bases_of_flat_segments_have_32_bits(void **state)
{
	assert_int_equal(set(SEG_DS, (struct vcpu_segment){ 8, 0x93, 0, ~0xfull }).base,
			 0xfffffff0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_an_entry_accepts_stays_as_it_is, fresh),
		cmocka_unit_test_setup(a_stack_without_a_segment_keeps_its_privilege, fresh),
		cmocka_unit_test_setup(a_task_register_becomes_busy_and_usable, fresh),
		cmocka_unit_test_setup(an_absent_segment_is_unusable, fresh),
		cmocka_unit_test_setup(a_segment_in_use_was_accessed, fresh),
		cmocka_unit_test_setup(the_granularity_fits_the_limit, fresh),
		cmocka_unit_test_setup(real_mode_code_is_as_after_reset, fresh),
		cmocka_unit_test_setup(bases_of_flat_segments_have_32_bits, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
