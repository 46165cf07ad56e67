// sources: arch/x86/cpu/speculation.c
/* What is wiped between domains: what the CPU needs and offers, and what it needs and lacks. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/speculation.h"
#include "lib/log.h"

bool cpu_has(enum cpu_feature f)
{
	return false;
}

const char *cpu_vendor(void)
{
	return "GenuineIntel";
}

bool msr_read_safe(uint32_t index, uint64_t *value)
{
	return false;
}

void log_line(enum log_level level, const char *fmt, ...)
{
}

static unsigned lacks;

static unsigned choose(struct speculation_facts f)
{
	return speculation_choose(&f, &lacks);
}

static void an_amd_cpu_needs_its_predictors_wiped_only(void **state)
{
	assert_int_equal(choose((struct speculation_facts){ .ibpb = true, .md_clear = true }),
			 WIPE_PREDICTORS);
	assert_int_equal(lacks, 0);
}

static void an_old_intel_cpu_needs_all_three(void **state)
{
	struct speculation_facts f = {
		.intel = true, .ibpb = true, .l1d_flush = true, .md_clear = true
	};

	assert_int_equal(choose(f), WIPE_PREDICTORS | WIPE_L1D | WIPE_BUFFERS);
	assert_int_equal(lacks, 0);
}

static void what_microcode_does_not_offer_is_lacking(void **state)
{
	assert_int_equal(choose((struct speculation_facts){ .intel = true }), 0);
	assert_int_equal(lacks, WIPE_PREDICTORS | WIPE_L1D | WIPE_BUFFERS);
}

static void a_cpu_that_says_it_is_safe_is_believed(void **state)
{
	struct speculation_facts f = { .intel = true,
				       .ibpb = true,
				       .l1d_flush = true,
				       .md_clear = true,
				       .arch_caps = ARCH_CAPS_RDCL_NO | ARCH_CAPS_MDS_NO };

	assert_int_equal(choose(f), WIPE_PREDICTORS);
	f.arch_caps = ARCH_CAPS_SKIP_L1DFL;
	assert_int_equal(choose(f), WIPE_PREDICTORS | WIPE_BUFFERS);
	assert_int_equal(lacks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_amd_cpu_needs_its_predictors_wiped_only),
		cmocka_unit_test(an_old_intel_cpu_needs_all_three),
		cmocka_unit_test(what_microcode_does_not_offer_is_lacking),
		cmocka_unit_test(a_cpu_that_says_it_is_safe_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
