/*
 * Machine checks: the banks are read, cleared, and the check is over afterwards (SDM 3B 16.3).
 */
// sources: arch/x86/cpu/mce.c
// flags: -include tests/unit/fake_msr.h
#include "arch/x86/cpu/mce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/log.h"

#define MSRS 0x1000

static uint64_t msr[MSRS];
static unsigned lines;

bool msr_read_safe(uint32_t index, uint64_t *value)
{
	*value = msr[index];
	return msr[MSR_MCG_CAP] != 0;
}

void msr_write(uint32_t index, uint64_t value)
{
	assert_int_equal(value, 0);
	msr[index] = 0;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	lines++;
}

static int fresh(void **state)
{
	memset(msr, 0, sizeof(msr));
	msr[MSR_MCG_CAP] = 3;
	msr[MSR_MCG_STATUS] = 5;
	lines = 0;
	return 0;
}

static void each_error_is_told_and_cleared(void **state)
{
	msr[MSR_MC_STATUS] = 1ull << 63 | 0x134;
	msr[MSR_MC_STATUS + 8] = 1ull << 63 | 1ull << 58 | 0x135;
	msr[MSR_MC_STATUS + 12] = 1ull << 63;
	assert_true(mce_take());
	assert_int_equal(lines, 2);
	assert_int_equal(msr[MSR_MC_STATUS], 0);
	assert_int_equal(msr[MSR_MC_STATUS + 8], 0);
	assert_int_not_equal(msr[MSR_MC_STATUS + 12], 0);
	assert_int_equal(msr[MSR_MCG_STATUS], 0);
}

static void a_corrupt_context_is_told(void **state)
{
	msr[MSR_MC_STATUS] = 1ull << 63 | 1ull << 57;
	assert_false(mce_take());
	assert_int_equal(msr[MSR_MCG_STATUS], 0);
}

static void a_cpu_without_banks_has_nothing_to_tell(void **state)
{
	msr[MSR_MCG_CAP] = 0;
	assert_true(mce_take());
	assert_int_equal(lines, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_error_is_told_and_cleared, fresh),
		cmocka_unit_test_setup(a_corrupt_context_is_told, fresh),
		cmocka_unit_test_setup(a_cpu_without_banks_has_nothing_to_tell, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
