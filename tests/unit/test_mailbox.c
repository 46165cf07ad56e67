/*
 * Mailboxes: in which order requests are served, and two CPUs that wait for each other.
 */
// sources: vmm/mailbox.c
// flags: -pthread
#include "vmm/mailbox.h"

#include <asm/prctl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/lapic.h"
#include "lib/assert.h"
#include "lib/bits.h"
#include "vmm/backend.h"
#include "vmm/ending.h"
#include "vmm/lifecycle.h"
#include "vmm/run.h"
#include "vmm/startup.h"
#include "vmm/trace.h"
#include "vmm/vclock.h"

#define MEETINGS 2000

static struct cpu cpus[2] = { { .self = &cpus[0], .index = 0 }, { .self = &cpus[1], .index = 1 } };
static struct vcpu vcpus[4]; /* of CPUs 0 0 1 1 */
static char did[64];         /* what was done on CPU 0: the vCPU's number, a letter */
static unsigned attended, ipis;
static bool crowded;        /* do not note who goes off */
static unsigned over;       /* atomic: threads that are done */
static unsigned flushes[4]; /* atomic */

uint32_t trace_mask;

void trace_put(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b)
{
}

void panic(const char *fmt, ...)
{
	abort();
}

static void note(const struct vcpu *v, char what)
{
	size_t n = strlen(did);

	if (cpu_index() == 0 && n + 2 < sizeof(did)) {
		did[n] = (char)('0' + (v - vcpus));
		did[n + 1] = what;
	}
}

void ending_off(struct vcpu *v)
{
	if (!crowded)
		note(v, 'o');
}

void lifecycle_orders(struct vcpu *v)
{
	note(v, 'l');
}

void startup_reset(struct vcpu *v)
{
	note(v, 'r');
}

void startup_init(struct vcpu *v)
{
	note(v, 'i');
}

void startup_begin(struct vcpu *v)
{
	note(v, 's');
}

void vclock_update(struct vcpu *v)
{
}

/* vmm/sched.h has a name that the C library has, too. */
void sched_ready(struct vcpu *v);
void sched_attend(void);

void sched_ready(struct vcpu *v)
{
	note(v, 'w');
}

bool run_may_wake(struct vcpu *v)
{
	return true;
}

void sched_attend(void)
{
	attended++;
}

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
	__atomic_fetch_add(&ipis, 1, __ATOMIC_RELAXED);
}

struct cpu *cpu_by_index(unsigned index)
{
	return &cpus[index];
}

static void flush(struct vcpu *v)
{
	assert(v->cpu == cpu_index());
	__atomic_fetch_add(&flushes[v - vcpus], 1, __ATOMIC_RELAXED);
}

static const struct backend fake = { .flush = flush };
const struct backend *backend = &fake;

/* This thread is that CPU from now on: this_cpu() reads gs:0. */
static void be_cpu(unsigned index)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, &cpus[index]) != 0)
		abort();
}

static int fresh(void **state)
{
	crowded = true;
	be_cpu(1);
	mailbox_drain(); /* what the last test left */
	be_cpu(0);
	mailbox_drain();
	memset(vcpus, 0, sizeof(vcpus));
	memset(did, 0, sizeof(did));
	memset(flushes, 0, sizeof(flushes));
	attended = ipis = 0;
	crowded = false;
	over = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(vcpus); i++)
		vcpus[i].cpu = i / 2;
	return 0;
}

static void requests_are_served_in_the_order_of_their_sense(void **state)
{
	vcpu_request(&vcpus[0], REQUEST_ORDER);
	vcpu_request(&vcpus[0], REQUEST_STARTUP);
	vcpu_request(&vcpus[0], REQUEST_INIT);
	vcpu_request(&vcpus[0], REQUEST_RESET);
	vcpu_request(&vcpus[0], REQUEST_OFF);
	mailbox_drain();
	assert_string_equal(did, "0o0r0i0s0l");
	assert_int_equal(vcpus[0].requests, 0);
	assert_int_equal(attended, 1);
	mailbox_drain();
	assert_string_equal(did, "0o0r0i0s0l");
}

static void an_nmi_wakes_nobody_who_waits_for_startup(void **state)
{
	vcpus[0].run_state = VCPU_INIT;
	vcpus[1].run_state = VCPU_SLEEPING;
	vcpu_request(&vcpus[0], REQUEST_NMI);
	vcpu_request(&vcpus[1], REQUEST_NMI);
	mailbox_drain();
	assert_string_equal(did, "1w");
}

static void another_cpu_is_told_by_one_interrupt(void **state)
{
	vcpu_request(&vcpus[2], REQUEST_WAKE);
	vcpu_request(&vcpus[2], REQUEST_NMI);
	assert_int_equal(ipis, 1);
	assert_int_equal(attended, 0);
	be_cpu(1);
	mailbox_drain();
	assert_true(vcpus[2].nmi_pending);
}

/* The other one may still wait. */
static void leave(void)
{
	__atomic_fetch_add(&over, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&over, __ATOMIC_ACQUIRE) < 2)
		mailbox_drain();
}

/* Each asks the other CPU to flush, and serves its own vCPU's requests only by waiting. */
static void *meet(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	void *wrong = NULL;

	be_cpu(me);
	for (unsigned i = 0; i < MEETINGS; i++) {
		struct vcpu *other = &vcpus[me ? 0 : 2];
		unsigned before = __atomic_load_n(&flushes[other - vcpus], __ATOMIC_RELAXED);

		vcpu_request(other, REQUEST_FLUSH | REQUEST_OFF);
		mailbox_wait(other, REQUEST_FLUSH | REQUEST_OFF);
		if (__atomic_load_n(&flushes[other - vcpus], __ATOMIC_RELAXED) == before)
			wrong = "went on before the other one had flushed";
	}
	leave();
	return wrong;
}

static void cpus_that_wait_serve_each_other(void **state)
{
	pthread_t second;
	void *wrong;

	crowded = true;
	assert_int_equal(pthread_create(&second, NULL, meet, (void *)1), 0);
	assert_null(meet((void *)0));
	assert_int_equal(pthread_join(second, &wrong), 0);
	assert_null(wrong);
	assert_true(flushes[0] >= 1 && flushes[2] >= 1);
}

static void who_waits_serves_nothing_else(void **state)
{
	pthread_t second;

	crowded = true;
	vcpu_request(&vcpus[0], REQUEST_ORDER | REQUEST_FLUSH);
	vcpu_request(&vcpus[1], REQUEST_INIT | REQUEST_OFF);
	vcpu_request(&vcpus[2], REQUEST_FLUSH);
	assert_int_equal(pthread_create(&second, NULL, meet, (void *)1), 0);
	mailbox_wait(&vcpus[2], REQUEST_FLUSH);
	assert_string_equal(did, "");
	leave();
	assert_int_equal(pthread_join(second, NULL), 0);
	mailbox_drain();
	assert_non_null(strstr(did, "1i"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(requests_are_served_in_the_order_of_their_sense, fresh),
		cmocka_unit_test_setup(an_nmi_wakes_nobody_who_waits_for_startup, fresh),
		cmocka_unit_test_setup(another_cpu_is_told_by_one_interrupt, fresh),
		cmocka_unit_test_setup(cpus_that_wait_serve_each_other, fresh),
		cmocka_unit_test_setup(who_waits_serves_nothing_else, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
