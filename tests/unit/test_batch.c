/*
 * A batch makes its calls in order, and none of them blocks the caller.
 */
// sources: vmm/hc_batch.c tests/unit/fake_domains.c mm/pool.c
#include "vmm/hypercall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86/cpu/tsc.h"
#include "tests/unit/fake_domains.h"

static enum verdict echo(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	*result = arg[0] + arg[4];
	return VERDICT_DONE;
}

static enum verdict block(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	return VERDICT_BLOCK;
}

static enum verdict end(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	return VERDICT_KILL;
}

hypercall_fn *hypercall_find(uint64_t call)
{
	switch (call) {
	case HV_EVENT_SEND: return echo;
	case HV_EVENT_WAIT: return block;
	case HV_EXIT: return end;
	case HV_BATCH: return hc_batch;
	default: return NULL;
	}
}

static int64_t result;
static uint64_t time_allowed; /* TSC ticks */

uint64_t tsc_from_ns(uint64_t ns)
{
	return time_allowed;
}

static enum verdict batch(struct hv_batch_entry *e, uint64_t count)
{
	return hc_batch(&fake_vcpus[OTHER], (uint64_t[5]){ (uintptr_t)e, count }, &result);
}

static int build(void **state)
{
	time_allowed = 1ull << 60;
	fake_domains_reset();
	return 0;
}

static void each_call_gets_its_result(void **state)
{
	struct hv_batch_entry e[] = {
		{ .call = HV_EVENT_SEND, .arg = { 1, 0, 0, 0, 2 } },
		{ .call = HV_EVENT_WAIT },
		{ .call = HV_BATCH },
		{ .call = 7 },
		{ .call = HV_EVENT_SEND, .arg = { 5 } },
	};

	assert_int_equal(batch(e, 5), VERDICT_DONE);
	assert_int_equal(result, 5);
	assert_int_equal(e[0].result, 3);
	assert_int_equal(e[1].result, HV_ERR_AGAIN);
	assert_int_equal(e[2].result, HV_ERR_INVAL);
	assert_int_equal(e[3].result, HV_ERR_NOCALL);
	assert_int_equal(e[4].result, 5);
}

static void nothing_runs_after_the_callers_end(void **state)
{
	struct hv_batch_entry e[] = { { .call = HV_EXIT },
				      { .call = HV_EVENT_SEND, .arg = { 1 } } };

	assert_int_equal(batch(e, 2), VERDICT_KILL);
	assert_int_equal(e[1].result, 0);
}

static void too_many_or_none_of_the_callers_memory_is_refused(void **state)
{
	struct hv_batch_entry e = { 0 };

	assert_int_equal(batch(&e, 65), VERDICT_DONE);
	assert_int_equal(result, HV_ERR_INVAL);
	assert_int_equal(batch(NULL, 1), VERDICT_DONE);
	assert_int_equal(result, HV_ERR_FAULT);
}

static void a_batch_that_takes_long_ends_early(void **state)
{
	struct hv_batch_entry e[] = { { .call = HV_EVENT_SEND, .arg = { 1 } },
				      { .call = HV_EVENT_SEND, .arg = { 1 } } };

	time_allowed = 0;
	assert_int_equal(batch(e, 2), VERDICT_DONE);
	assert_int_equal(result, 1);
	assert_int_equal(e[0].result, 1);
	assert_int_equal(e[1].result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_call_gets_its_result, build),
		cmocka_unit_test_setup(nothing_runs_after_the_callers_end, build),
		cmocka_unit_test_setup(too_many_or_none_of_the_callers_memory_is_refused, build),
		cmocka_unit_test_setup(a_batch_that_takes_long_ends_early, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
