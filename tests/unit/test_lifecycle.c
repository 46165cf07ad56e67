/*
 * Domains begin and end: by order, by policy with its pauses and its limit, by a button that is not
 * followed, by a watchdog; and when a start has to wait.
 */
// sources: vmm/lifecycle.c vmm/ending.c vmm/watchdog.c lib/format.c lib/string.c
#include "vmm/lifecycle.h"

#include <asm/prctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "drivers/power.h"
#include "lib/log.h"
#include "vmm/bootpage.h"
#include "vmm/console.h"
#include "vmm/ending.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/mailbox.h"
#include "vmm/sched.h"
#include "vmm/service.h"
#include "vmm/stage.h"
#include "vmm/trace.h"
#include "vmm/vclock.h"
#include "vmm/vlapic.h"
#include "vmm/vpower.h"
#include "vmm/watchdog.h"

enum { ONE, TWO, DOMAINS };

#define MS 1000000ull

static struct domain domains[DOMAINS];
static struct config_domain configs[DOMAINS];
static struct vcpu vcpus[DOMAINS];
static struct cpu cpu = { .self = &cpu };
static uint64_t now; /* the tests' own time in ns */
static unsigned pressed, died, powered_off;
static char last_log[256];
static jmp_buf machine_end;

/* --- the rest of the hypervisor ------------------------------------------------------------- */

uint32_t trace_mask;

void trace_put(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b)
{
}

void trace_end(void)
{
}

unsigned domain_count(void)
{
	return DOMAINS;
}

struct domain *domain_get(unsigned id)
{
	return id < DOMAINS ? &domains[id] : NULL;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_log, sizeof(last_log), fmt, ap);
	va_end(ap);
}

/* Asked only for how long ago the minute of the restarts began. */
uint64_t tsc_ns(uint64_t cycles)
{
	return now;
}

uint64_t tsc_from_ns(uint64_t ns)
{
	return ns;
}

/* A deadline is so many TSC cycles from now, and a cycle is a nanosecond; here whole milliseconds
   of the tests' own time. */
void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline;
	if (deadline != TIMER_NEVER)
		t->deadline = now + (deadline - tsc_read() + MS / 2) / MS * MS;
}

/* Time passes; what is due fires. */
static void pass(uint64_t ms)
{
	now += ms * MS;
	for (unsigned i = 0; i < DOMAINS; i++) {
		struct timer *t[] = { &domains[i].watchdog, &domains[i].patience };

		for (unsigned j = 0; j < 2; j++) {
			if (t[j]->deadline > now)
				continue;
			t[j]->deadline = TIMER_NEVER;
			t[j]->fire(t[j]);
		}
	}
}

void sched_ready(struct vcpu *v)
{
	v->run_state = VCPU_READY;
}

void sched_off(struct vcpu *v)
{
	v->run_state = VCPU_OFF;
}

void sched_pause(struct vcpu *v)
{
	v->run_state = VCPU_PAUSED;
}

void sched_resume(struct vcpu *v)
{
	v->run_state = VCPU_READY;
}

void vcpu_request(struct vcpu *v, uint32_t requests)
{
	v->requests |= requests;
}

void mailbox_wait(const struct vcpu *v, uint32_t requests)
{
}

void ioreq_cancel(struct vcpu *v)
{
}

void vlapic_reset(struct vcpu *v)
{
}

void vclock_reset(struct vcpu *v)
{
}

void event_set(struct domain *d, unsigned event)
{
}

void vpower_press(struct domain *d)
{
	pressed++;
}

void bootpage_peer_changed(struct domain *d)
{
}

static bool upgraded;

bool stage_take_back(const struct domain *of)
{
	bool was = upgraded;

	upgraded = false;
	return was;
}

void service_died(struct domain *d)
{
	died++;
}

void console_take_back(void)
{
}

NORETURN void power_off(void)
{
	powered_off++;
	longjmp(machine_end, 1);
}

NORETURN void power_reboot(void)
{
	abort();
}

/* --- helpers -------------------------------------------------------------------------------- */

static struct domain *const d = &domains[ONE];

/* What the CPU does with a mailbox. */
static void obey(void)
{
	for (unsigned i = 0; i < DOMAINS; i++) {
		if (!(vcpus[i].requests & REQUEST_ORDER))
			continue;
		vcpus[i].requests &= ~REQUEST_ORDER;
		lifecycle_orders(&vcpus[i]);
	}
}

static enum err order(enum hv_domain_op op, uint64_t argument)
{
	enum err e = domain_control(d, op, argument);

	obey();
	return e;
}

static int start_both(void **state)
{
	memset(domains, 0, sizeof(domains));
	memset(configs, 0, sizeof(configs));
	memset(vcpus, 0, sizeof(vcpus));
	now = 1;
	pressed = died = powered_off = 0;
	for (unsigned i = 0; i < DOMAINS; i++) {
		configs[i].restart_limit = 4;
		configs[i].restart_delay_ms = 100;
		configs[i].stop_timeout_ms = 30000;
		vcpus[i].domain = &domains[i];
		vcpus[i].run_state = VCPU_READY;
		domains[i].id = i;
		domains[i].name = i ? "two" : "one";
		domains[i].config = &configs[i];
		domains[i].vcpu[0] = &vcpus[i];
		domains[i].vcpus = 1;
		domains[i].state = HV_STATE_RUNNING;
		domains[i].incarnation = 1;
		domains[i].watchdog.deadline = domains[i].patience.deadline = TIMER_NEVER;
	}
	return 0;
}

/* --- tests ---------------------------------------------------------------------------------- */

static void orders_are_refused_that_make_no_sense(void **state)
{
	assert_int_equal(order(HV_DOMAIN_START, 0), ERR_STATE);
	assert_int_equal(order(HV_DOMAIN_RESUME + 1, 0), ERR_INVAL);
	assert_int_equal(order(HV_DOMAIN_STOP, 3600001), ERR_INVAL);
	assert_int_equal(order(HV_DOMAIN_KILL, 0), OK);
	assert_int_equal(d->state, HV_STATE_DEAD);
	assert_string_equal(d->last_words, "killed");
	assert_int_equal(order(HV_DOMAIN_KILL, 0), ERR_STATE);
	assert_int_equal(order(HV_DOMAIN_STOP, 0), ERR_STATE);
	assert_int_equal(order(HV_DOMAIN_PAUSE, 0), ERR_STATE);
	assert_int_equal(order(HV_DOMAIN_START, 0), OK);
	assert_int_equal(d->state, HV_STATE_RUNNING);
	assert_int_equal(d->incarnation, 2);
	assert_int_equal(order(HV_DOMAIN_RESTART, 0), OK);
	assert_int_equal(d->incarnation, 3);
	assert_int_equal(died, 2);
}

static void a_paused_domain_goes_on(void **state)
{
	assert_int_equal(order(HV_DOMAIN_PAUSE, 0), OK);
	assert_int_equal(d->state, HV_STATE_PAUSED);
	assert_int_equal(vcpus[ONE].run_state, VCPU_PAUSED);
	assert_int_equal(order(HV_DOMAIN_RESUME, 0), OK);
	assert_int_equal(vcpus[ONE].run_state, VCPU_READY);
}

static void the_last_one_ends_the_machine(void **state)
{
	domain_kill(&domains[TWO], "why %d", 7);
	assert_string_equal(domains[TWO].last_words, "why 7");
	assert_int_equal(powered_off, 0);
	if (!setjmp(machine_end))
		domain_power(d, false);
	assert_int_equal(powered_off, 1);
	assert_int_equal(d->state, HV_STATE_OFF);
}

static void who_ignores_the_button_is_killed(void **state)
{
	order(HV_DOMAIN_STOP, 0);
	assert_int_equal(pressed, 1);
	pass(29999);
	assert_int_equal(d->state, HV_STATE_RUNNING);
	pass(1);
	assert_int_equal(d->state, HV_STATE_DEAD);
	assert_string_equal(d->last_words, "killed, as it did not stop");
	order(HV_DOMAIN_START, 0);
	order(HV_DOMAIN_STOP, 1000);
	pass(1000);
	assert_int_equal(d->state, HV_STATE_DEAD);
}

static void who_follows_the_button_is_left_alone(void **state)
{
	order(HV_DOMAIN_STOP, 1000);
	domain_power(d, false);
	assert_int_equal(d->state, HV_STATE_OFF);
	order(HV_DOMAIN_START, 0);
	pass(5000);
	assert_int_equal(d->state, HV_STATE_RUNNING);
	configs[ONE].stop_timeout_ms = 0;
	order(HV_DOMAIN_STOP, 0);
	pass(1000000);
	assert_int_equal(d->state, HV_STATE_RUNNING);
}

/* How long it is away after a fault; -1: for ever. */
static int away_ms(void)
{
	uint32_t incarnation = d->incarnation;

	domain_kill(d, "a fault");
	for (int ms = 0; ms < 20000; ms++) {
		if (d->incarnation != incarnation)
			return ms;
		assert_int_equal(d->state == HV_STATE_DEAD, !d->wants_start);
		pass(1);
	}
	return -1;
}

static void restarts_pause_longer_and_longer_and_end(void **state)
{
	configs[ONE].restart = CONFIG_RESTART_ON_CRASH;
	assert_int_equal(away_ms(), 0);
	assert_int_equal(away_ms(), 0);
	assert_int_equal(away_ms(), 100);
	assert_int_equal(away_ms(), 200);
	assert_int_equal(away_ms(), -1);
	assert_string_equal(last_log, "one: restarted 4 times within a minute: it stays off until "
				      "it is started by order");
	assert_int_equal(d->state, HV_STATE_DEAD);
	order(HV_DOMAIN_START, 0);
	assert_int_equal(away_ms(), 0);
	d->restarts = 4;
	pass(60001);
	assert_int_equal(away_ms(), 0);
}

static void an_upgrade_that_does_not_run_is_taken_back_once(void **state)
{
	configs[ONE].restart = CONFIG_RESTART_ON_CRASH;
	upgraded = true;
	for (unsigned i = 0; i < 4; i++)
		assert_true(away_ms() >= 0);
	assert_int_equal(away_ms(), 0);
	assert_string_equal(last_log,
			    "one: restarted 4 times within a minute: its upgrade is taken "
			    "back, it starts from its preloaded image");
	assert_false(upgraded);
	for (unsigned i = 0; i < 3; i++)
		assert_true(away_ms() >= 0);
	assert_int_equal(away_ms(), -1);
}

static void a_pause_has_a_limit_and_may_be_none(void **state)
{
	configs[ONE].restart = CONFIG_RESTART_ALWAYS;
	configs[ONE].restart_limit = 40;
	d->restarts = 38;
	d->minute_start = now;
	assert_int_equal(away_ms(), 10000);
	configs[ONE].restart_delay_ms = 0;
	assert_int_equal(away_ms(), 0);
}

static void orders_end_a_pause(void **state)
{
	configs[ONE].restart = CONFIG_RESTART_ON_CRASH;
	d->restarts = 3;
	d->minute_start = now;
	domain_kill(d, "a fault");
	assert_int_equal(d->state, HV_STATE_RESTARTING);
	assert_int_equal(order(HV_DOMAIN_KILL, 0), OK);
	assert_int_equal(d->state, HV_STATE_DEAD);
	pass(20000);
	assert_int_equal(d->state, HV_STATE_DEAD);
	order(HV_DOMAIN_START, 0);
	d->restarts = 3;
	domain_kill(d, "a fault");
	order(HV_DOMAIN_RESTART, 0);
	assert_int_equal(d->state, HV_STATE_RUNNING);
	assert_int_equal(d->incarnation, 3);
	pass(20000);
	assert_int_equal(d->incarnation, 3);
}

static void a_start_waits_for_who_holds_its_memory(void **state)
{
	d->holders = 1u << TWO;
	order(HV_DOMAIN_RESTART, 0);
	assert_int_equal(d->state, HV_STATE_RESTARTING);
	domain_released(d, TWO);
	obey();
	assert_int_equal(d->state, HV_STATE_RUNNING);
	/* And for its pause, whichever is over last. */
	configs[ONE].restart = CONFIG_RESTART_ON_CRASH;
	d->restarts = 2;
	d->minute_start = now;
	d->holders = 1u << TWO;
	domain_kill(d, "a fault");
	domain_released(d, TWO);
	obey();
	assert_int_equal(d->state, HV_STATE_RESTARTING);
	pass(100);
	assert_int_equal(d->state, HV_STATE_RUNNING);
}

static void a_watchdog_that_is_not_fed_bites(void **state)
{
	assert_int_equal(watchdog_ask(d, 3600001), ERR_RANGE);
	assert_int_equal(watchdog_ask(d, 100), OK);
	pass(99);
	assert_int_equal(watchdog_ask(d, 100), OK);
	pass(99);
	assert_int_equal(d->state, HV_STATE_RUNNING);
	pass(1);
	assert_int_equal(d->state, HV_STATE_DEAD);
	assert_string_equal(d->last_words, "its watchdog was not fed: it hangs");
	order(HV_DOMAIN_START, 0);
	assert_int_equal(watchdog_ask(d, 100), OK);
	assert_int_equal(watchdog_ask(d, 0), OK);
	pass(1000);
	assert_int_equal(d->state, HV_STATE_RUNNING);
}

static void a_fault_on_another_cpu_is_told_the_owner(void **state)
{
	static struct vcpu second;

	second = (struct vcpu){ .domain = d, .run_state = VCPU_READY };
	d->vcpu[1] = &second;
	d->vcpus = 2;
	vcpus[ONE].cpu = 1; /* the owner is elsewhere */
	domain_kill(d, "the first");
	assert_int_equal(d->state, HV_STATE_RUNNING);
	assert_int_equal(second.run_state, VCPU_OFF);
	second.run_state = VCPU_READY;
	domain_kill(d, "the second");
	vcpus[ONE].cpu = 0;
	obey();
	assert_int_equal(d->state, HV_STATE_DEAD);
	assert_string_equal(d->last_words, "the first");
}

int main(void)
{
	syscall(SYS_arch_prctl, ARCH_SET_GS, &cpu);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(orders_are_refused_that_make_no_sense, start_both),
		cmocka_unit_test_setup(a_paused_domain_goes_on, start_both),
		cmocka_unit_test_setup(the_last_one_ends_the_machine, start_both),
		cmocka_unit_test_setup(who_ignores_the_button_is_killed, start_both),
		cmocka_unit_test_setup(who_follows_the_button_is_left_alone, start_both),
		cmocka_unit_test_setup(restarts_pause_longer_and_longer_and_end, start_both),
		cmocka_unit_test_setup(an_upgrade_that_does_not_run_is_taken_back_once, start_both),
		cmocka_unit_test_setup(a_pause_has_a_limit_and_may_be_none, start_both),
		cmocka_unit_test_setup(orders_end_a_pause, start_both),
		cmocka_unit_test_setup(a_start_waits_for_who_holds_its_memory, start_both),
		cmocka_unit_test_setup(a_watchdog_that_is_not_fed_bites, start_both),
		cmocka_unit_test_setup(a_fault_on_another_cpu_is_told_the_owner, start_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
