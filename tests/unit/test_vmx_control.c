/*
 * MOV to CR0 and CR4 in a VT-x guest where it changes a bit that the host owns: the shadow moves
 * unless the instruction faults (SDM 2 "MOV - Move to/from Control Registers").
 */
// sources: arch/x86/vmx/control.c tests/unit/fake_vmcs.c
// flags: -include tests/unit/fake_vmcs.h
#include "arch/x86/vmx/vmx_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/caps.h"

#define ATTR(n) (VMCS_GUEST_ES_ATTRIBUTES + 2 * (n))
#define LONG    (CR0_PE | CR0_PG)

struct vmx_caps vmx_caps = {
	.cr0_on = CR0_PE | CR0_PG | CR0_NE,
	.cr4_on = CR4_VMXE,
	.cr4_off = BIT(15) | MASK(63, 24),
};

static struct vcpu vcpu;
static unsigned faults;

void vcpu_inject_gp(struct vcpu *v)
{
	faults++;
}

/* Protected mode without paging, in a register the new value. */
static int fresh(void **state)
{
	fake_vmcs_clear();
	faults = 0;
	vmx_set_cr0(CR0_PE | CR0_ET);
	vmx_set_cr4(0);
	vmwrite(ATTR(SEG_CS), 0xc09b);
	vmwrite(ATTR(SEG_TR), 0x8b);
	return 0;
}

static void long_mode(void)
{
	vmx_set_cr0(LONG);
	vmx_set_cr4(CR4_PAE);
	vmwrite(VMCS_GUEST_EFER, EFER_LME | EFER_LMA);
	vmwrite(ATTR(SEG_CS), 0xa09b);
}

/* True: the shadow took it; false: it faulted and the shadow is as before. */
static bool mov(unsigned cr, uint64_t value)
{
	struct vm_exit e = { .kind = EXIT_UNKNOWN };
	enum vmcs_field shadow = cr ? VMCS_CR4_SHADOW : VMCS_CR0_SHADOW;
	uint64_t real = vmread(cr ? VMCS_GUEST_CR4 : VMCS_GUEST_CR0), before = vmread(shadow);
	unsigned already = faults;

	vcpu.regs.gpr[GPR_R9] = value;
	vmwrite(VMCS_QUALIFICATION, cr | GPR_R9 << 8);
	vmx_control_exit(&vcpu, &e);
	assert_int_equal(e.kind, EXIT_NONE);
	assert_int_equal(vmread(cr ? VMCS_GUEST_CR4 : VMCS_GUEST_CR0), real);
	if (faults > already) {
		assert_int_equal(vmread(shadow), before);
		return false;
	}
	assert_int_equal(vmread(shadow), value);
	return true;
}

static void the_guest_sees_its_own_values_and_the_cpu_ours(void **state)
{
	vmx_set_cr0(CR0_CD | CR0_NW | CR0_ET);
	assert_int_equal(vmx_cr0(), CR0_CD | CR0_NW | CR0_ET);
	assert_int_equal(vmread(VMCS_GUEST_CR0), CR0_ET | CR0_NE);
	vmx_set_cr4(CR4_PAE);
	assert_int_equal(vmx_cr4(), CR4_PAE);
	assert_int_equal(vmread(VMCS_GUEST_CR4), CR4_PAE | CR4_VMXE | CR4_MCE);
	/* The guest has changed bits of its own since. */
	vmwrite(VMCS_GUEST_CR0, CR0_PE | CR0_NE | CR0_TS);
	assert_int_equal(vmx_cr0(), CR0_CD | CR0_NW | CR0_PE | CR0_TS);
}

static void cache_and_error_bits_move_the_shadow(void **state)
{
	assert_true(mov(0, CR0_PE | CR0_CD));
	assert_true(mov(0, CR0_PE | CR0_CD | CR0_NW | CR0_NE));
	assert_true(mov(0, CR0_PE | CR0_NE));
	assert_true(mov(4, CR4_MCE));
	assert_int_equal(vmx_cr4(), CR4_MCE);
}

static void impossible_values_fault(void **state)
{
	assert_false(mov(0, CR0_PE | CR0_NW));
	assert_false(mov(0, CR0_PG | CR0_NE));
	assert_false(mov(4, CR4_VMXE));
	assert_false(mov(4, CR4_MCE | BIT(15)));
	assert_false(mov(4, CR4_MCE | CR4_CET));
	long_mode();
	assert_false(mov(0, LONG | CR0_NE | BIT(40)));
	assert_false(mov(4, CR4_PAE | CR4_MCE | BIT(40)));
}

/* The CPU of this test has them all. */
static void what_no_guest_is_shown_faults(void **state)
{
	assert_false(mov(4, CR4_PKE));
	assert_false(mov(4, CR4_LA57 | CR4_PAE));
	assert_false(mov(4, CR4_SMXE));
	vmx_set_cr0(CR0_PE | CR0_ET | CR0_WP);
	assert_false(mov(4, CR4_CET));
	assert_true(mov(4, CR4_MCE | CR4_PAE | CR4_SMEP | CR4_OSXSAVE));
}

static void outside_64_bit_code_the_high_half_does_not_count(void **state)
{
	struct vm_exit e;

	vcpu.regs.gpr[GPR_RSP] = CR0_PE | CR0_NE | BIT(40);
	vmwrite(VMCS_QUALIFICATION, GPR_RSP << 8);
	vmx_control_exit(&vcpu, &e);
	assert_int_equal(faults, 0);
	assert_int_equal(vmread(VMCS_CR0_SHADOW), CR0_PE | CR0_NE);
}

static void long_mode_begins_only_as_the_manual_says(void **state)
{
	vmwrite(VMCS_GUEST_EFER, EFER_LME);
	assert_false(mov(0, LONG | CR0_NE));
	vmx_set_cr4(CR4_PAE);
	vmwrite(ATTR(SEG_CS), 0xa09b);
	assert_false(mov(0, LONG | CR0_NE));
	vmwrite(ATTR(SEG_CS), 0xc09b);
	vmwrite(ATTR(SEG_TR), 0x83);
	assert_false(mov(0, LONG | CR0_NE));
	vmwrite(ATTR(SEG_TR), 0x8b);
	assert_true(mov(0, LONG | CR0_NE));
}

static void long_mode_ends_only_as_the_manual_says(void **state)
{
	long_mode();
	assert_false(mov(0, CR0_PE | CR0_NE));
	assert_false(mov(4, CR4_MCE));
	assert_false(mov(4, CR4_MCE | CR4_PAE | CR4_LA57));
	assert_true(mov(0, LONG | CR0_NE | CR0_CD));
	vmwrite(ATTR(SEG_CS), 0xc09b);
	vmx_set_cr4(CR4_PAE | CR4_PCIDE);
	assert_false(mov(0, CR0_PE | CR0_CD));
	vmx_set_cr4(CR4_PAE);
	assert_true(mov(0, CR0_PE | CR0_CD));
}

static void pcids_begin_with_number_0_in_long_mode(void **state)
{
	assert_false(mov(4, CR4_PCIDE | CR4_MCE));
	long_mode();
	vmwrite(VMCS_GUEST_CR3, 0x1018);
	assert_false(mov(4, CR4_PAE | CR4_PCIDE | CR4_MCE));
	vmwrite(VMCS_GUEST_CR3, 0x1000);
	assert_true(mov(4, CR4_PAE | CR4_PCIDE | CR4_MCE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_guest_sees_its_own_values_and_the_cpu_ours, fresh),
		cmocka_unit_test_setup(cache_and_error_bits_move_the_shadow, fresh),
		cmocka_unit_test_setup(impossible_values_fault, fresh),
		cmocka_unit_test_setup(what_no_guest_is_shown_faults, fresh),
		cmocka_unit_test_setup(outside_64_bit_code_the_high_half_does_not_count, fresh),
		cmocka_unit_test_setup(long_mode_begins_only_as_the_manual_says, fresh),
		cmocka_unit_test_setup(long_mode_ends_only_as_the_manual_says, fresh),
		cmocka_unit_test_setup(pcids_begin_with_number_0_in_long_mode, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
