// sources: vmm/msr.c vmm/msr_models.c vmm/msr_mtrr.c vmm/vclock.c
/* The MSR table and its models: what is there, what may be written, and what faults. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/cpu/regs.h"
#include "arch/x86/cpu/tsc.h"
#include "mm/frames.h"
#include "vmm/backend.h"
#include "vmm/cpuid.h"
#include "vmm/domain.h"
#include "vmm/guestmem.h"
#include "vmm/msr_state.h"
#include "vmm/vlapic.h"

static struct domain d;
static struct vcpu v;
static struct vcpu_mode mode;
static uint64_t held_value;
static unsigned complaints, faults, opened, tsc_changes, lapic_calls;

static bool held_read(struct vcpu *of, uint32_t index, uint64_t *value)
{
	*value = held_value;
	return true;
}

static bool held_write(struct vcpu *of, uint32_t index, uint64_t value)
{
	held_value = value;
	return true;
}

static void note_open(uint32_t index, bool read, bool write)
{
	assert_true(read && write);
	opened++;
}

static void get_mode(struct vcpu *of, struct vcpu_mode *m)
{
	*m = mode;
}

static void tsc_changed(struct vcpu *of)
{
	tsc_changes++;
}

static const struct backend fake = {
	.msr_open = note_open,
	.msr_read = held_read,
	.msr_write = held_write,
	.get_mode = get_mode,
	.tsc_changed = tsc_changed,
};
const struct backend *backend = &fake;

void *frames_hv(size_t pages)
{
	return calloc(pages, PAGE_SIZE);
}

void domain_complain(struct domain *of, const char *fmt, ...)
{
	complaints++;
}

void vcpu_inject_gp(struct vcpu *of)
{
	faults++;
}

struct cpuid cpuid_guest(struct vcpu *of, uint32_t leaf, uint32_t subleaf)
{
	return (struct cpuid){ .edx = BIT(20) };
}

bool tsc_is_stable(void)
{
	return true;
}

void vcpu_request(struct vcpu *of, uint32_t requests)
{
}

uint64_t tsc_ns(uint64_t ticks)
{
	return ticks;
}

void tsc_clock_scale(uint32_t *mul, int8_t *shift)
{
	*mul = 1;
	*shift = 0;
}

bool guest_write(struct domain *of, gpa_t to, const void *from, size_t bytes)
{
	return true;
}

#define LAPIC_MSR(name)                                                                            \
	bool vlapic_##name##_read(struct vcpu *of, uint32_t index, uint64_t *value)                \
	{                                                                                          \
		lapic_calls++;                                                                     \
		return true;                                                                       \
	}                                                                                          \
	bool vlapic_##name##_write(struct vcpu *of, uint32_t index, uint64_t value)                \
	{                                                                                          \
		lapic_calls++;                                                                     \
		return true;                                                                       \
	}
LAPIC_MSR(msr)
LAPIC_MSR(base)
LAPIC_MSR(deadline)
LAPIC_MSR(eoi)

void vlapic_tsc_changed(struct vcpu *of)
{
}

static int fresh(void **state)
{
	memset(&v, 0, sizeof(v));
	memset(&mode, 0, sizeof(mode));
	v.domain = &d;
	msr_init(&v);
	held_value = complaints = faults = opened = tsc_changes = lapic_calls = 0;
	return 0;
}

static int done(void **state)
{
	free(v.msrs);
	return 0;
}

static uint64_t get(uint32_t index)
{
	uint64_t value = ~0ull;

	assert_true(msr_guest_read(&v, index, &value));
	return value;
}

static void the_table_is_sorted_and_without_overlap(void **state)
{
	static const uint32_t bounds[] = {
#define MSR_OPEN(first, last, name, why)              first, last,
#define MSR_HELD(first, last, name, check, why)       first, last,
#define MSR_CONST(first, last, name, value, why)      first, last,
#define MSR_IGNORE(first, last, name, value, why)     first, last,
#define MSR_CALL(first, last, name, read, write, why) first, last,
#define MSR_ABSENT(first, last, name, why)            first, last,
#include "vmm/msr.def"
	};

	for (size_t i = 0; i + 1 < ARRAY_SIZE(bounds); i++)
		assert_true(i % 2 ? bounds[i] < bounds[i + 1] : bounds[i] <= bounds[i + 1]);
}

static void an_unlisted_register_faults_and_is_reported(void **state)
{
	uint64_t value;

	assert_false(msr_guest_read(&v, 0x12345678, &value));
	assert_false(msr_guest_write(&v, 0xc0010200, 0));
	assert_int_equal(complaints, 2);
	assert_false(msr_guest_read(&v, 0xc0011020, &value));
	assert_int_equal(complaints, 2);
}

static void an_exit_fills_both_halves_or_faults(void **state)
{
	v.regs.gpr[GPR_RCX] = 0xffffffff00000000 | 0x1a0;
	v.regs.gpr[GPR_RAX] = v.regs.gpr[GPR_RDX] = ~0ull;
	assert_int_equal(msr_rdmsr_exit(&v, NULL), VERDICT_DONE);
	assert_int_equal(v.regs.gpr[GPR_RAX], 0x1801);
	assert_int_equal(v.regs.gpr[GPR_RDX], 0);
	v.regs.gpr[GPR_RCX] = 0x179;
	assert_int_equal(msr_wrmsr_exit(&v, NULL), VERDICT_RETRY);
	assert_int_equal(faults, 1);
}

static void system_call_registers_are_opened_once_each(void **state)
{
	msr_open_all();
	assert_int_equal(opened, 3 + 4 + 3);
}

static void apic_registers_reach_the_apic(void **state)
{
	get(0x802);
	get(0x1b);
	get(0x6e0);
	assert_true(msr_guest_write(&v, 0x80b, 0));
	assert_true(msr_guest_write(&v, 0x6e0, 0));
	assert_int_equal(lapic_calls, 5);
}

static void the_tsc_and_its_adjustment_move_together(void **state)
{
	uint64_t now;

	assert_true(msr_guest_write(&v, 0x10, 0));
	now = get(0x10);
	assert_true(now < 1ull << 40);
	assert_int_equal(get(0x3b), v.tsc_offset);
	assert_true(msr_guest_write(&v, 0x3b, 0));
	assert_int_equal(v.tsc_offset, 0);
	assert_int_equal(tsc_changes, 2);
}

static void efer_takes_only_bits_that_cpuid_shows(void **state)
{
	mode.efer = EFER_LME | EFER_LMA;
	mode.cr0 = CR0_PG;
	assert_true(msr_guest_write(&v, MSR_EFER, EFER_LME | EFER_NXE | EFER_SCE));
	assert_int_equal(held_value, EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE);
	assert_false(msr_guest_write(&v, MSR_EFER, EFER_LME | EFER_SVME));
	assert_false(msr_guest_write(&v, MSR_EFER, EFER_LME | EFER_FFXSR));
	assert_false(msr_guest_write(&v, MSR_EFER, EFER_NXE));
	mode.cr0 = 0;
	assert_true(msr_guest_write(&v, MSR_EFER, EFER_LMA));
}

static void pat_takes_only_memory_types(void **state)
{
	assert_true(msr_guest_write(&v, MSR_PAT, 0x0007040600070406));
	assert_int_equal(held_value, 0x0007040600070406);
	assert_false(msr_guest_write(&v, MSR_PAT, 0x0007040600070402));
	assert_false(msr_guest_write(&v, MSR_PAT, 0x0807040600070406));
}

static void mtrrs_say_write_back_and_keep_what_is_valid(void **state)
{
	assert_int_equal(get(0xfe), 0x508);
	assert_int_equal(get(0x2ff), 0xc06);
	assert_int_equal(get(0x250), 0x0606060606060606);
	assert_true(msr_guest_write(&v, 0x20e, 0xc0000000));
	assert_true(msr_guest_write(&v, 0x20f, 0xffc0000800));
	assert_int_equal(get(0x20e), 0xc0000000);
	assert_int_equal(get(0x20f), 0xffc0000800);
	assert_true(msr_guest_write(&v, 0x26f, 0));
	assert_int_equal(get(0x26f), 0);
	assert_true(msr_guest_write(&v, 0x268, 0x0101010101010101));
	assert_int_equal(get(0x258), 0x0606060606060606);
	assert_int_equal(get(0x259), 0x0606060606060606);
	assert_false(msr_guest_write(&v, 0x200, 2));
	assert_false(msr_guest_write(&v, 0x201, 1));
	assert_false(msr_guest_write(&v, 0x259, 7));
	assert_false(msr_guest_write(&v, 0x2ff, 0x1000));
	assert_false(msr_guest_write(&v, 0xfe, 0));
}

static void tsc_aux_takes_32_bits(void **state)
{
	assert_true(msr_guest_write(&v, MSR_TSC_AUX, 0xffffffff));
	assert_int_equal(get(MSR_TSC_AUX), 0xffffffff);
	assert_false(msr_guest_write(&v, MSR_TSC_AUX, 1ull << 32));
}

#define T(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_table_is_sorted_and_without_overlap),
		T(an_unlisted_register_faults_and_is_reported),
		T(an_exit_fills_both_halves_or_faults),
		T(system_call_registers_are_opened_once_each),
		T(apic_registers_reach_the_apic),
		T(the_tsc_and_its_adjustment_move_together),
		T(efer_takes_only_bits_that_cpuid_shows),
		T(pat_takes_only_memory_types),
		T(mtrrs_say_write_back_and_keep_what_is_valid),
		T(tsc_aux_takes_32_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
