/*
 * The rules that an entry checks: a good state breaks none, each mistake breaks exactly the rule
 * that names it, and several are all told.
 */
// sources: arch/x86/vmx/check.c tests/unit/fake_vmcs.c
// flags: -include tests/unit/fake_vmcs.h
#include "arch/x86/vmx/vmx_vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"

#define SELECTOR(n) (VMCS_GUEST_ES_SELECTOR + 2 * (n))
#define ATTR(n)     (VMCS_GUEST_ES_ATTRIBUTES + 2 * (n))
#define LIMIT(n)    (VMCS_GUEST_ES_LIMIT + 2 * (n))
#define BASE(n)     (VMCS_GUEST_ES_BASE + 2 * (n))

/* 64-bit code in ring 0. */
static int fresh(void **state)
{
	fake_vmcs_clear();
	vmwrite(VMCS_ENTRY_CONTROLS, ENTRY_GUEST_64);
	vmwrite(VMCS_GUEST_CR0, CR0_PE | CR0_NE | CR0_PG | CR0_WP);
	vmwrite(VMCS_GUEST_CR4, CR4_VMXE | CR4_PAE);
	vmwrite(VMCS_GUEST_EFER, EFER_LME | EFER_LMA);
	vmwrite(VMCS_GUEST_PAT, PAT_RESET);
	vmwrite(VMCS_GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	vmwrite(VMCS_GUEST_RIP, 0xffffffff81000000);
	vmwrite(VMCS_LINK_POINTER, ~0ull);
	for (unsigned n = SEG_ES; n <= SEG_GS; n++) {
		vmwrite(ATTR(n), n == SEG_CS ? 0xa09b : 0xc093);
		vmwrite(LIMIT(n), UINT32_MAX);
	}
	vmwrite(ATTR(SEG_TR), 0x8b);
	vmwrite(LIMIT(SEG_TR), 0x67);
	vmwrite(ATTR(SEG_LDTR), SEGMENT_UNUSABLE);
	return 0;
}

static void virtual_8086(void)
{
	vmwrite(VMCS_ENTRY_CONTROLS, 0);
	vmwrite(VMCS_GUEST_EFER, 0);
	vmwrite(VMCS_GUEST_RIP, 0x100);
	vmwrite(VMCS_GUEST_CR4, CR4_VMXE);
	vmwrite(VMCS_GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_VM);
	for (unsigned n = SEG_ES; n <= SEG_GS; n++) {
		vmwrite(SELECTOR(n), 0x1003);
		vmwrite(ATTR(n), 0xf3);
		vmwrite(LIMIT(n), 0xffff);
		vmwrite(BASE(n), 0x10030);
	}
}

static void real_mode(void)
{
	vmwrite(VMCS_ENTRY_CONTROLS, 0);
	vmwrite(VMCS_GUEST_EFER, 0);
	vmwrite(VMCS_GUEST_CR0, CR0_NE);
	vmwrite(VMCS_GUEST_CR4, CR4_VMXE);
	vmwrite(VMCS_GUEST_RIP, 0xfff0);
	vmwrite(ATTR(SEG_CS), 0x93);
	vmwrite(LIMIT(SEG_CS), 0xffff);
}

static void expect_nothing(void)
{
	const char *wrong = vmx_check(vmread, 40, 0);

	if (wrong != NULL)
		fail_msg("%s", wrong);
}

/* Exactly one rule is broken, and its text has these words. */
static void expect(const char *words)
{
	const char *wrong = vmx_check(vmread, 40, 0);

	assert_non_null(wrong);
	if (!strstr(wrong, words))
		fail_msg("%s, not %s", wrong, words);
	assert_null(vmx_check(vmread, 40, 1));
}

static void good_states_break_no_rule(void **state)
{
	expect_nothing();
	vmwrite(VMCS_ENTRY_EVENT, 0x80000b0e);
	expect_nothing();
	vmwrite(VMCS_ENTRY_EVENT, 0x80000031);
	expect_nothing();
	vmwrite(VMCS_ENTRY_EVENT, 0);
	vmwrite(VMCS_GUEST_RIP, BIT(47));
	expect_nothing();
	virtual_8086();
	expect_nothing();
	fresh(NULL);
	real_mode();
	expect_nothing();
	vmwrite(VMCS_ENTRY_EVENT, 0x8000030d);
	expect_nothing();
}

static void each_wrong_field_is_named(void **state)
{
	static const struct {
		enum vmcs_field field;
		uint64_t value;
		const char *words;
	} wrong[] = {
		{ VMCS_ENTRY_EVENT, 0x80000131, "reserved type" },
		{ VMCS_ENTRY_EVENT, 0x80000203, "vector than 2" },
		{ VMCS_ENTRY_EVENT, 0x80000320, "vector above 31" },
		{ VMCS_ENTRY_EVENT, 0x8000030d, "error code" },
		{ VMCS_ENTRY_EVENT, 0x80000b06, "error code" },
		{ VMCS_MSR_BITMAP, 0x1234, "MSR bitmap" },
		{ VMCS_EPT_POINTER, 1ull << 40, "EPT pointer" },
		{ VMCS_GUEST_CR0, CR0_PE | CR0_PG, "CR0.NE" },
		{ VMCS_GUEST_CR0, CR0_PE | CR0_NE | CR0_PG | BIT(32), "CR0[63:32]" },
		{ VMCS_GUEST_CR4, CR4_PAE, "CR4.VMXE" },
		{ VMCS_GUEST_CR4, CR4_VMXE, "long mode without" },
		{ VMCS_GUEST_CR3, 1ull << 40, "CR3" },
		{ VMCS_GUEST_DR7, BIT(32), "DR7" },
		{ VMCS_GUEST_DEBUGCTL, BIT(2), "DEBUGCTL" },
		{ VMCS_GUEST_SYSENTER_ESP, BIT(63), "SYSENTER_ESP" },
		{ VMCS_GUEST_SYSENTER_EIP, BIT(47), "SYSENTER_EIP" },
		{ VMCS_GUEST_PAT, 2, "PAT" },
		{ VMCS_GUEST_EFER, EFER_LME | EFER_LMA | EFER_SVME, "EFER has reserved" },
		{ ATTR(SEG_CS), 0x209b, "CS has attributes" },
		{ ATTR(SEG_DS), 0xc013, "DS has attributes" },
		{ ATTR(SEG_CS), 0xa098, "CS is neither" },
		{ ATTR(SEG_CS), 0xe09b, "CS.L and CS.D" },
		{ ATTR(SEG_SS), 0xc091, "SS is not" },
		{ ATTR(SEG_ES), 0xc092, "ES is not" },
		{ ATTR(SEG_GS), 0xc099, "GS is not" },
		{ SELECTOR(SEG_CS), 3, "only Bochs" },
		{ BASE(SEG_SS), BIT(32), "above 4 GiB" },
		{ BASE(SEG_FS), BIT(63), "base of FS" },
		{ ATTR(SEG_TR), 0x1008b, "TR is unusable" },
		{ ATTR(SEG_TR), 0x83, "TR is not a busy" },
		{ ATTR(SEG_TR), 0x808b, "TR has attributes" },
		{ SELECTOR(SEG_TR), 4, "TR is from" },
		{ VMCS_GUEST_GDTR_LIMIT, 0x10000, "GDTR" },
		{ VMCS_GUEST_IDTR_BASE, BIT(50), "IDTR" },
		{ VMCS_GUEST_RIP, BIT(60), "RIP[63:48]" },
		{ VMCS_GUEST_RFLAGS, RFLAGS_IF, "RFLAGS has reserved" },
		{ VMCS_GUEST_ACTIVITY, 4, "activity state is reserved" },
		{ VMCS_GUEST_INTERRUPTIBILITY, BIT(5), "interruptibility" },
		{ VMCS_GUEST_INTERRUPTIBILITY, 3, "both STI and MOV SS" },
		{ VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_BY_SMI, "SMIs" },
		{ VMCS_LINK_POINTER, 1, "link pointer" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		fresh(NULL);
		vmwrite(wrong[i].field, wrong[i].value);
		expect(wrong[i].words);
	}
}

static void rules_about_two_fields_hold(void **state)
{
	vmwrite(VMCS_ENTRY_EVENT, 0x80000031);
	vmwrite(VMCS_GUEST_RFLAGS, RFLAGS_FIXED);
	expect("RFLAGS.IF clear");
	vmwrite(VMCS_GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	expect("in an interrupt shadow");
	vmwrite(VMCS_ENTRY_EVENT, 0x80000202);
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_BY_NMI);
	expect("NMIs are blocked");
	vmwrite(VMCS_ENTRY_EVENT, 0);
	vmwrite(VMCS_GUEST_RFLAGS, RFLAGS_FIXED | RFLAGS_IF | RFLAGS_TF);
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, BLOCKED_BY_STI);
	expect("pending debug");
	vmwrite(VMCS_GUEST_PENDING_DEBUG, PENDING_DEBUG_BS);
	expect_nothing();
	vmwrite(VMCS_GUEST_ACTIVITY, 1);
	expect("sleeps");
}

static void privilege_comes_from_the_stack_segment(void **state)
{
	vmwrite(ATTR(SEG_SS), 0xc0f3);
	expect("CS.DPL");
	vmwrite(ATTR(SEG_CS), 0xa0fb);
	vmwrite(SELECTOR(SEG_CS), 0x33);
	expect_nothing();
	vmwrite(ATTR(SEG_CS), 0xa09f); /* conforming */
	expect_nothing();
	real_mode();
	vmwrite(SELECTOR(SEG_CS), 0xf003);
	expect("SS.DPL");
}

static void pae_paging_needs_good_pdptes(void **state)
{
	vmwrite(VMCS_GUEST_PDPTE1, 7);
	expect_nothing();
	vmwrite(VMCS_ENTRY_CONTROLS, 0);
	vmwrite(VMCS_GUEST_EFER, 0);
	vmwrite(VMCS_GUEST_RIP, 0);
	vmwrite(ATTR(SEG_CS), 0xc09b);
	expect("PDPTE");
	vmwrite(VMCS_GUEST_PDPTE1, BIT(40) | 1);
	expect("PDPTE");
	vmwrite(VMCS_GUEST_PDPTE1, 0x5001);
	expect_nothing();
	vmwrite(VMCS_GUEST_PDPTE1, 6);
	expect_nothing();
}

static void every_broken_rule_is_told(void **state)
{
	unsigned n = 0;

	virtual_8086();
	vmwrite(ATTR(SEG_DS), 0x93);
	vmwrite(VMCS_GUEST_DR7, BIT(63));
	vmwrite(VMCS_GUEST_ACTIVITY, 9);
	while (vmx_check(vmread, 40, n) != NULL)
		n++;
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_states_break_no_rule, fresh),
		cmocka_unit_test_setup(each_wrong_field_is_named, fresh),
		cmocka_unit_test_setup(rules_about_two_fields_hold, fresh),
		cmocka_unit_test_setup(privilege_comes_from_the_stack_segment, fresh),
		cmocka_unit_test_setup(pae_paging_needs_good_pdptes, fresh),
		cmocka_unit_test_setup(every_broken_rule_is_told, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
