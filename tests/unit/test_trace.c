/*
 * The trace's rings: what is recorded, what a reader gets when he is late, and when the writer runs
 * over him.
 */
// sources: vmm/trace.c
#include "vmm/trace.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "arch/x86/cpu/cpu.h"
#include "mm/frames.h"
#include "vmm/domain.h"

#define READ      16
#define SET_GS    0x1001 /* arch_prctl */
#define MANY      200000
#define MUCH_LATE 1000

static struct domain d = { .id = 3 };
static struct vcpu v = { .domain = &d, .index = 2 };
static struct cpu cpus[2] = { { .self = &cpus[0], .index = 0 }, { .self = &cpus[1], .index = 1 } };
static struct hv_trace_record out[READ];

unsigned cpu_count(void)
{
	return 2;
}

void *frames_hv(size_t pages)
{
	return calloc(pages, PAGE_SIZE);
}

/* This thread is that CPU from now on: this_cpu() reads gs:0. */
static void be_cpu(unsigned index)
{
	assert_int_equal(syscall(SYS_arch_prctl, SET_GS, &cpus[index]), 0);
}

static int boot(void **state)
{
	be_cpu(0);
	trace_init(0);
	return 0;
}

/* Records `n` events numbered from *next on, in both values. */
static void record(uint64_t *next, unsigned n)
{
	for (; n; n--, (*next)++)
		trace(HV_TRACE_EXIT, &v, *next, ~*next);
}

static void nothing_is_recorded_until_its_bit_is_set(void **state)
{
	uint64_t position = 0, written;

	assert_int_equal(trace_set_mask(1u << HV_TRACE_EXIT), OK);
	trace(HV_TRACE_ENTER, &v, 1, 2);
	assert_int_equal(trace_read(0, &position, out, READ), 0);
	assert_int_equal(position, 0);
	trace(HV_TRACE_EXIT, &v, 1, 2);
	trace(HV_TRACE_EXIT, NULL, 3, 4);
	assert_int_equal(trace_read(0, &position, out, READ), 2);
	assert_int_equal(position, 2);
	assert_int_equal(out[0].event, HV_TRACE_EXIT);
	assert_int_equal(out[0].domain, 3);
	assert_int_equal(out[0].vcpu, 2);
	assert_int_equal(out[0].cpu, 0);
	assert_int_equal(out[0].value[1], 2);
	assert_int_equal(out[1].domain, HV_TRACE_NOBODY);
	assert_true(out[1].tsc >= out[0].tsc);
	assert_int_equal(trace_set_mask(HV_TRACE_ALL + 1), ERR_INVAL);
	written = 0;
	assert_int_equal(trace_read(1, &written, out, READ), 0);
}

static void a_late_reader_gets_the_newest_and_learns_what_is_lost(void **state)
{
	uint64_t position = ~0ull, next;
	size_t n, total = 0;

	assert_int_equal(trace_read(0, &position, out, READ), 0);
	next = position;
	record(&next, TRACE_RECORDS + MUCH_LATE);
	position = next - TRACE_RECORDS - MUCH_LATE;
	while ((n = trace_read(0, &position, out, READ))) {
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(hv_trace_number(position, &out[i]), position - n + i);
			assert_int_equal(out[i].value[0], position - n + i);
		}
		total += n;
	}
	assert_int_equal(position, next);
	assert_int_equal(total, TRACE_RECORDS);
}

static void *writer(void *arg)
{
	uint64_t next = 0;

	be_cpu(1);
	while (next < MANY)
		record(&next, 1);
	return NULL;
}

/* Another CPU writes as fast as it can over the oldest records, which are read: each one that is
   given out is whole and has its number. */
static void a_torn_record_is_not_given_out(void **state)
{
	uint64_t position = 0, first = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	while (first < MANY - TRACE_RECORDS) {
		size_t n;

		position = 0;
		n = trace_read(1, &position, out, READ);
		assert_true(n <= READ && n <= position && position - n >= first);
		first = position - n;
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(hv_trace_number(position, &out[i]), first + i);
			assert_int_equal(out[i].value[0], first + i);
			assert_int_equal(out[i].value[1], ~(first + i));
			assert_int_equal(out[i].cpu, 1);
		}
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_recorded_until_its_bit_is_set),
		cmocka_unit_test(a_late_reader_gets_the_newest_and_learns_what_is_lost),
		cmocka_unit_test(a_torn_record_is_not_given_out),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
