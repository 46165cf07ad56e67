// sources: vmm/cpuid.c
/*
 * What guests see of CPUID, worked out against whatever machine runs this test: what must always
 * show, what must never show, and the parts that follow the vCPU.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdio.h>
#include <cmocka.h>

#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "vmm/backend.h"
#include "vmm/cpuid.h"
#include "vmm/domain.h"
#include "vmm/vlapic.h"

static struct config_domain config;
static struct domain d = { .config = &config };
static struct vcpu v;
static struct vcpu_mode mode;
static bool stable, apic, useful;

static void get_mode(struct vcpu *of, struct vcpu_mode *m)
{
	*m = mode;
}

/* A CPU that keeps SSE3 from guests: whatever runs this test shows it. */
static uint32_t hides(uint32_t leaf, unsigned reg)
{
	return leaf == 1 && reg == 2 ? BIT(0) : 0;
}

static const struct backend fake = { .get_mode = get_mode, .cpuid_hides = hides };
const struct backend *backend = &fake;

uint64_t vcpu_xcr0(struct vcpu *vcpu)
{
	return vcpu->xcr0;
}

uint64_t fpu_xcr0_mask(void)
{
	return insn_cpuid(1, 0).ecx & BIT(26) ? insn_cpuid(0xd, 0).eax & 0xe7 : 0;
}

bool tsc_is_stable(void)
{
	return stable;
}

uint32_t tsc_khz(void)
{
	return 2500000;
}

bool vlapic_is_enabled(const struct vcpu *of)
{
	return apic;
}

bool vlapic_eoi_is_useful(void)
{
	return useful;
}

void panic(const char *fmt, ...)
{
	fail();
	__builtin_unreachable();
}

static int fresh(void **state)
{
	memset(&v, 0, sizeof(v));
	memset(&mode, 0, sizeof(mode));
	stable = apic = true;
	useful = false;
	d.vcpus = 1;
	config.flags = 0;
	v.domain = &d;
	v.xcr0 = XCR0_X87;
	return 0;
}

static struct cpuid get(uint32_t leaf, uint32_t subleaf)
{
	return cpuid_guest(&v, leaf, subleaf);
}

static void unknown_leaves_are_zero(void **state)
{
	static const uint32_t leaves[] = { 0x3,        0x5,        0x8,        0x9,
					   0xa,        0xe,        0x15,       0x3f,
					   0x40,       0x100,      0x40000002, 0x40000200,
					   0x80000009, 0x8000000a, 0x8000001f, 0xffffffff,
					   0xc0000000 };
	static const struct cpuid zero;

	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		struct cpuid c = get(leaves[i], 0);

		assert_memory_equal(&c, &zero, sizeof(c));
	}
	assert_int_equal(get(7, 1).eax, 0);
}

static void the_subleaf_matters_only_where_it_should(void **state)
{
	struct cpuid a = get(1, 0), b = get(1, 77);

	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(get(0xb, 0).ecx, 0x100);
	assert_int_equal(get(0xb, 1).ecx, 0x201);
	assert_int_equal(get(0xb, 2).ecx, 0);
}

static void what_guests_cannot_use_is_hidden(void **state)
{
	assert_true(insn_cpuid(1, 0).ecx & BIT(0));
	assert_false(get(1, 0).ecx & BIT(0));
	assert_int_equal(get(1, 0).ecx & BIT(9), insn_cpuid(1, 0).ecx & BIT(9));
}

static void hypervisor_and_x2apic_always_show(void **state)
{
	assert_true(get(1, 0).ecx & BIT(31));
	assert_true(get(1, 0).ecx & BIT(21));
	assert_true(get(6, 0).eax & BIT(2));
}

static void virtualization_and_unswitched_features_never_show(void **state)
{
	assert_false(get(1, 0).ecx & (BIT(3) | BIT(5) | BIT(6) | BIT(15)));
	assert_false(get(0x80000001, 0).ecx & (BIT(2) | BIT(10) | BIT(12) | BIT(15) | BIT(23)));
	assert_false(get(7, 0).ebx & (BIT(2) | BIT(4) | BIT(11) | BIT(14) | BIT(25)));
	assert_false(get(7, 0).ecx & (BIT(3) | BIT(5) | BIT(7) | BIT(16)));
	assert_false(get(7, 0).edx & (BIT(26) | BIT(27) | BIT(29) | BIT(31)));
	assert_false(get(0xd, 1).eax & BIT(3));
}

static void nothing_shows_that_the_machine_lacks(void **state)
{
	struct cpuid g = get(7, 0), h = insn_cpuid(7, 0);

	if (insn_cpuid(0, 0).eax < 7)
		skip();
	assert_int_equal(g.ebx & ~h.ebx & ~BIT(1), 0);
	assert_int_equal(g.ecx & ~h.ecx, 0);
	assert_int_equal(g.edx & ~h.edx, 0);
}

static void leaf_1_follows_the_vcpu(void **state)
{
	assert_true(get(1, 0).edx & BIT(9));
	apic = false;
	assert_false(get(1, 0).edx & BIT(9));
	assert_false(get(1, 0).ecx & BIT(27));
	mode.cr4 = CR4_OSXSAVE;
	assert_true(get(1, 0).ecx & BIT(27));
	assert_true(get(1, 0).ecx & BIT(24));
	stable = false;
	assert_false(get(1, 0).ecx & BIT(24));
	assert_false(get(0x40000101, 0).eax & BIT(24));
	assert_int_equal(get(1, 0).ebx >> 24, 0);
}

static void one_vcpu_shows_neither_cores_nor_threads(void **state)
{
	assert_int_equal(get(1, 0).ebx >> 16, 1);
	assert_false(get(1, 0).edx & BIT(28));
	assert_false(get(0x80000001, 0).ecx & BIT(1));
	assert_int_equal(get(4, 0).eax >> 26, 0);
	assert_int_equal(get(0xb, 1).eax, 0);
	assert_int_equal(get(0xb, 1).ebx, 1);
	assert_int_equal(get(0x80000008, 0).ecx, 0);
}

static void vcpus_are_cores_of_one_package(void **state)
{
	bool amd = get(0x80000000, 0).ebx;

	d.vcpus = 3;
	v.index = 2;
	assert_int_equal(get(1, 0).ebx >> 16, 2 << 8 | 4);
	assert_true(get(1, 0).edx & BIT(28));
	assert_int_equal(!!(get(0x80000001, 0).ecx & BIT(1)), amd);
	assert_int_equal(get(4, 0).eax >> 26, get(4, 0).eax ? 3 : 0);
	assert_int_equal(get(0xb, 0).eax, 0);
	assert_int_equal(get(0xb, 0).edx, 2);
	assert_int_equal(get(0xb, 1).eax, 2);
	assert_int_equal(get(0xb, 1).ebx, 3);
	assert_int_equal(get(0xb, 1).edx, 2);
	assert_int_equal(get(0x80000008, 0).ecx, amd ? 2 << 12 | 2 : 0);
}

static void both_signatures_are_found_where_linux_looks(void **state)
{
	struct cpuid ours = get(0x40000000, 0), kvm = get(0x40000100, 0);
	char text[13] = "";

	memcpy(text, &ours.ebx, 4);
	memcpy(text + 4, &ours.ecx, 4);
	memcpy(text + 8, &ours.edx, 4);
	assert_string_equal(text, "BulkheadBulk");
	assert_int_equal(get(0x40000001, 0).eax, HV_ABI_VERSION);
	memcpy(text, &kvm.ebx, 4);
	memcpy(text + 4, &kvm.ecx, 4);
	memcpy(text + 8, &kvm.edx, 4);
	assert_memory_equal(text, "KVMKVMKVM\0\0\0", 12);
	assert_true(kvm.eax >= 0x40000101);
	assert_int_equal(get(0x40000101, 0).eax, 0x0100002b);
	useful = true;
	d.vcpus = 2;
	assert_int_equal(get(0x40000101, 0).eax, 0x010028eb);
	assert_int_equal(get(0x40000101, 0).edx, 0);
	config.flags = CONFIG_FLAG_DEDICATED;
	assert_int_equal(get(0x40000101, 0).edx, 1);
	assert_int_equal(get(0x40000010, 0).eax, 2500000);
	assert_int_equal(get(0x40000110, 0).ebx, VLAPIC_KHZ);
}

static void xsave_sizes_follow_xcr0(void **state)
{
	if (!(fpu_xcr0_mask() & XCR0_AVX))
		skip();
	assert_int_equal(get(0xd, 0).eax, fpu_xcr0_mask());
	assert_int_equal(get(0xd, 0).ebx, 576);
	v.xcr0 = XCR0_X87 | XCR0_SSE | XCR0_AVX;
	assert_int_equal(get(0xd, 0).ebx, 832);
	assert_true(get(0xd, 0).ecx >= 832);
	assert_int_equal(get(0xd, 2).eax, 256);
	assert_int_equal(get(0xd, 2).ebx, 576);
	assert_false(get(0xd, 1).eax & BIT(1));
	assert_int_equal(get(0xd, 1).ebx, 0);
	assert_int_equal(get(0xd, 3).eax, 0);
}

static void an_exit_writes_zero_extended_registers(void **state)
{
	v.regs.gpr[GPR_RAX] = 0xffffffff40000000;
	v.regs.gpr[GPR_RBX] = v.regs.gpr[GPR_RCX] = v.regs.gpr[GPR_RDX] = ~0ull;
	assert_int_equal(cpuid_exit(&v, NULL), VERDICT_DONE);
	assert_int_equal(v.regs.gpr[GPR_RAX], 0x40000010);
	assert_int_equal(v.regs.gpr[GPR_RBX], 0x6b6c7542);
	assert_int_equal(v.regs.gpr[GPR_RCX], 0x64616568);
	assert_int_equal(v.regs.gpr[GPR_RDX], 0x6b6c7542);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(unknown_leaves_are_zero, fresh),
		cmocka_unit_test_setup(the_subleaf_matters_only_where_it_should, fresh),
		cmocka_unit_test_setup(what_guests_cannot_use_is_hidden, fresh),
		cmocka_unit_test_setup(hypervisor_and_x2apic_always_show, fresh),
		cmocka_unit_test_setup(virtualization_and_unswitched_features_never_show, fresh),
		cmocka_unit_test_setup(nothing_shows_that_the_machine_lacks, fresh),
		cmocka_unit_test_setup(leaf_1_follows_the_vcpu, fresh),
		cmocka_unit_test_setup(one_vcpu_shows_neither_cores_nor_threads, fresh),
		cmocka_unit_test_setup(vcpus_are_cores_of_one_package, fresh),
		cmocka_unit_test_setup(both_signatures_are_found_where_linux_looks, fresh),
		cmocka_unit_test_setup(xsave_sizes_follow_xcr0, fresh),
		cmocka_unit_test_setup(an_exit_writes_zero_extended_registers, fresh),
	};

	cpuid_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
