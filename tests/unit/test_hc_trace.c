/*
 * Who may read the trace and say what it records, and what a call answers.
 */
// sources: vmm/hc_trace.c vmm/cap.c tests/unit/fake_domains.c mm/pool.c
#include "vmm/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/x86/cpu/cpu.h"
#include "tests/unit/fake_devices.h"
#include "tests/unit/fake_domains.h"
#include "vmm/cap.h"
#include "vmm/hypercall.h"

#define THERE 1000 /* records of each CPU */

static struct hv_trace_record out[200];
static uint64_t position;
static int64_t result;

unsigned cpu_count(void)
{
	return 2;
}

size_t trace_read(unsigned cpu, uint64_t *at, struct hv_trace_record *to, size_t count)
{
	size_t n = 0;

	for (; n < count && *at < THERE; n++, (*at)++)
		to[n] = (struct hv_trace_record){ .cpu = (uint8_t)cpu, .sequence = (uint16_t)*at };
	return n;
}

enum err trace_set_mask(uint32_t mask)
{
	if (mask & ~HV_TRACE_ALL)
		return ERR_INVAL;
	trace_mask = mask;
	return OK;
}

static int build(void **state)
{
	fake_domains_reset();
	fake_configs[SERVER].rights = CONFIG_RIGHT_INSPECT;
	caps_build();
	position = 0;
	trace_mask = 0;
	return 0;
}

static uint64_t handle(void)
{
	return cap_find(&fake_domains[SERVER], HV_CAP_TRACE, 0)->handle;
}

static int64_t call(hypercall_fn *fn, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	const uint64_t arg[5] = { a, b, c, d, e };

	assert_int_equal(fn(&fake_vcpus[SERVER], arg, &result), VERDICT_DONE);
	return result;
}

static int64_t read_at(uint64_t cap, uint64_t cpu, const void *to, uint64_t count)
{
	return call(hc_trace_read, cap, cpu, (uint64_t)&position, (uint64_t)to, count);
}

static void only_who_may_inspect_has_the_trace(void **state)
{
	assert_null(cap_find(&fake_domains[OTHER], HV_CAP_TRACE, 0));
	assert_int_equal(read_at(0x1ffff, 0, out, 1), HV_ERR_BADCAP);
	assert_int_equal(call(hc_trace_ctl, 0x1ffff, 0, 1, 0, 0), HV_ERR_BADCAP);
	assert_int_equal(trace_mask, 0);
}

static void records_are_copied_and_the_position_moves(void **state)
{
	assert_int_equal(read_at(handle(), 1, out, 20), 20);
	assert_int_equal(position, 20);
	assert_int_equal(out[19].sequence, 19);
	assert_int_equal(out[19].cpu, 1);
	assert_int_equal(read_at(handle(), 0, out, 200), 128);
	assert_int_equal(position, 148);
	position = THERE - 1;
	assert_int_equal(read_at(handle(), 0, out, 200), 1);
	assert_int_equal(read_at(handle(), 0, out, 200), 0);
}

static void bad_arguments_are_refused(void **state)
{
	assert_int_equal(read_at(handle(), 2, out, 1), HV_ERR_NOENT);
	assert_int_equal(read_at(handle(), 0, NULL, 1), HV_ERR_FAULT);
	assert_int_equal(call(hc_trace_read, handle(), 0, 0, (uint64_t)out, 1), HV_ERR_FAULT);
	assert_int_equal(call(hc_trace_ctl, handle(), 1ull << 32, 0, 0, 0), HV_ERR_INVAL);
	assert_int_equal(call(hc_trace_ctl, handle(), 0, 1u << HV_TRACE_EVENTS, 0, 0),
			 HV_ERR_INVAL);
}

static void events_are_switched_and_the_old_ones_told(void **state)
{
	assert_int_equal(call(hc_trace_ctl, handle(), 0, 6, 0, 0), 0);
	assert_int_equal(trace_mask, 6);
	assert_int_equal(call(hc_trace_ctl, handle(), 2, 1, 0, 0), 6);
	assert_int_equal(trace_mask, 5);
	assert_int_equal(call(hc_trace_ctl, handle(), 0, 0, 0, 0), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_who_may_inspect_has_the_trace, build),
		cmocka_unit_test_setup(records_are_copied_and_the_position_moves, build),
		cmocka_unit_test_setup(bad_arguments_are_refused, build),
		cmocka_unit_test_setup(events_are_switched_and_the_old_ones_told, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
