/*
 * How domains end: by their own fault, by switching themselves off, by order; and the machine with
 * the last of them. A fault that a vCPU meets on another CPU than the owner's takes it off and is
 * told the owner, which does the rest.
 *
 * One that is restarted by its policy is so at once for the first half of the times that a minute
 * allows, then after a pause that doubles with each time; beyond the limit it stays off, or begins
 * anew from its preloaded image if it was upgraded since (stage.c).
 */
#include "vmm/ending.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "drivers/power.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vmm/console.h"
#include "vmm/ioreq.h"
#include "vmm/lifecycle.h"
#include "vmm/mailbox.h"
#include "vmm/sched.h"
#include "vmm/service.h"
#include "vmm/stage.h"
#include "vmm/trace.h"
#include "vmm/vclock.h"
#include "vmm/vlapic.h"
#include "vmm/watchdog.h"

#define MINUTE_NS    60000000000ull
#define NS_PER_MS    1000000ull
#define PAUSE_MS_MAX 10000u

/* domain->end: how a vCPU on another CPU than the owner's has ended its domain. */
enum { END_NONE, END_CLAIMED, END_FAULT, END_OFF, END_RESET };

NORETURN void system_power_off(void)
{
	console_take_back();
	log_info("system: power off");
	trace_end();
	power_off();
}

NORETURN void system_reboot(void)
{
	console_take_back();
	log_info("system: reboot");
	trace_end();
	power_reboot();
}

void ending_check(void)
{
	bool service = false, guest = false, had_guest = false;

	domain_for_each(d) {
		bool lives = lifecycle_is_alive(d) || d->orders || d->wants_start;

		if (d->config->flags & CONFIG_FLAG_SERVICE) {
			service |= lives && (d->config->rights & CONFIG_RIGHT_POWER);
		} else {
			guest |= lives;
			had_guest = true;
		}
	}
	if (!guest && !service && had_guest)
		system_power_off();
}

void ending_off(struct vcpu *v)
{
	sched_off(v);
	ioreq_cancel(v);
	vlapic_reset(v);
	vclock_reset(v); /* its pages are scrubbed before the next start */
}

static void ending_take_off(struct domain *d)
{
	for (unsigned i = 0; i < d->vcpus; i++) {
		if (d->vcpu[i]->cpu == cpu_index())
			ending_off(d->vcpu[i]);
		else
			vcpu_request(d->vcpu[i], REQUEST_OFF);
	}
	for (unsigned i = 0; i < d->vcpus; i++)
		if (d->vcpu[i]->cpu != cpu_index())
			mailbox_wait(d->vcpu[i], REQUEST_OFF);
	for (unsigned i = 0; i < d->vcpus; i++)
		__atomic_fetch_and(&d->vcpu[i]->requests,
				   ~(REQUEST_RESET | REQUEST_NMI | REQUEST_INIT | REQUEST_STARTUP),
				   __ATOMIC_RELAXED);
	__atomic_fetch_and(&d->orders, ~WATCHDOG_ORDER, __ATOMIC_RELAXED);
	__atomic_store_n(&d->end, END_NONE, __ATOMIC_RELAXED);
}

void ending_halt(struct domain *d, enum hv_domain_state state)
{
	ending_take_off(d);
	timer_set(&d->watchdog, TIMER_NEVER);
	timer_set(&d->patience, TIMER_NEVER);
	d->starting = false;
	d->state = state;
	trace(HV_TRACE_DOMAIN, d->vcpu[0], d->state, d->incarnation);
	service_died(d);
}

/* --- restarts ------------------------------------------------------------------------------- */

static void ending_pause_is_over(struct timer *t)
{
	struct domain *d = CONTAINER_OF(t, struct domain, patience);

	d->pausing = false;
	lifecycle_begin(d);
}

void ending_end_pause(struct domain *d)
{
	if (d->pausing)
		timer_set(&d->patience, TIMER_NEVER);
	d->pausing = false;
}

/* The n-th restart within a minute, counted from 1; the first half waits for nothing. */
static uint64_t ending_pause_ms(const struct domain *d, uint32_t n)
{
	uint32_t at_once = (d->config->restart_limit + 1) / 2;
	uint64_t ms = d->config->restart_delay_ms;

	for (uint32_t i = at_once + 1; i < n && ms < PAUSE_MS_MAX; i++)
		ms *= 2;
	return n > at_once ? MIN(ms, (uint64_t)PAUSE_MS_MAX) : 0;
}

/* False: it has been restarted too often of late. *ms: how long it waits before. */
static bool ending_may_restart(struct domain *d, uint64_t *ms)
{
	uint64_t now = tsc_read();

	if (tsc_ns(now - d->minute_start) > MINUTE_NS || !d->minute_start) {
		d->minute_start = now;
		d->restarts = 0;
	}
	if (d->restarts++ >= d->config->restart_limit && stage_take_back(d)) {
		log_error("%s: restarted %u times within a minute: its upgrade is taken back, it "
			  "starts "
			  "from its preloaded image",
			  d->name, d->config->restart_limit);
		d->restarts = 1;
	} else if (d->restarts > d->config->restart_limit) {
		log_error("%s: restarted %u times within a minute: it stays off until it is "
			  "started by order",
			  d->name, d->config->restart_limit);
		return false;
	}
	*ms = ending_pause_ms(d, d->restarts);
	if (*ms)
		log_info("%s: restart %u of %u within a minute, in %lu ms", d->name, d->restarts,
			 d->config->restart_limit, *ms);
	return true;
}

static void ending_stop(struct domain *d, enum hv_domain_state state, bool again)
{
	uint64_t ms = 0;
	bool restart = again && ending_may_restart(d, &ms);

	d->wants_start = restart;
	d->pausing = ms;
	ending_halt(d, restart ? HV_STATE_RESTARTING : state);
	if (ms) {
		d->patience.fire = ending_pause_is_over;
		timer_set(&d->patience, tsc_read() + tsc_from_ns(ms * NS_PER_MS));
	}
	if (restart)
		lifecycle_begin(d);
	else
		ending_check();
}

/* --- faults --------------------------------------------------------------------------------- */

static bool ending_is_here(const struct domain *d)
{
	return d->vcpu[0]->cpu == cpu_index();
}

/* On another CPU than the owner's, whose vCPUs of the domain run no more: the first fault of all
   is kept for the owner. NULL: this one is not the first, or its vCPUs were taken off meanwhile. */
static bool ending_claim(struct domain *d)
{
	uint32_t none = END_NONE;
	bool any = false;

	for (unsigned i = 0; i < d->vcpus; i++) {
		if (d->vcpu[i]->cpu != cpu_index() || d->vcpu[i]->run_state == VCPU_OFF)
			continue;
		sched_off(d->vcpu[i]);
		any = true;
	}
	return any && __atomic_compare_exchange_n(&d->end, &none, END_CLAIMED, false,
						  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void ending_tell(struct domain *d, uint32_t end)
{
	/* Release: the owner, which sees it, sees the words. */
	__atomic_store_n(&d->end, end, __ATOMIC_RELEASE);
	vcpu_request(d->vcpu[0], REQUEST_ORDER);
}

static void ending_fault(struct domain *d)
{
	log_error("%s: stopped: %s", d->name, d->last_words);
	ending_stop(d, HV_STATE_DEAD, d->config->restart != CONFIG_RESTART_NEVER);
}

PRINTF(2, 3) enum verdict domain_kill(struct domain *d, const char *fmt, ...)
{
	bool here = ending_is_here(d);
	va_list ap;

	if (here ? !lifecycle_is_alive(d) : !ending_claim(d))
		return VERDICT_KILL;
	va_start(ap, fmt);
	format_va(here ? d->last_words : d->end_words, sizeof(d->last_words), fmt, ap);
	va_end(ap);
	if (here)
		ending_fault(d);
	else
		ending_tell(d, END_FAULT);
	return VERDICT_KILL;
}

static void ending_power(struct domain *d, bool reset)
{
	log_info("%s: %s", d->name, reset ? "reset by itself" : "powered off");
	ending_stop(d, HV_STATE_OFF, reset || d->config->restart == CONFIG_RESTART_ALWAYS);
}

enum verdict domain_power(struct domain *d, bool reset)
{
	if (ending_is_here(d))
		ending_power(d, reset);
	else if (ending_claim(d))
		ending_tell(d, reset ? END_RESET : END_OFF);
	return VERDICT_KILL;
}

void ending_hear(struct domain *d)
{
	uint32_t end = __atomic_load_n(&d->end, __ATOMIC_ACQUIRE);

	if (end == END_FAULT) {
		str_copy(d->last_words, d->end_words, sizeof(d->last_words));
		ending_fault(d);
	} else if (end == END_OFF || end == END_RESET) {
		ending_power(d, end == END_RESET);
	}
}

void ending_give_up(struct domain *d, const char *why)
{
	str_copy(d->last_words, why, sizeof(d->last_words));
	log_error("%s: not started: %s", d->name, why);
	ending_stop(d, HV_STATE_DEAD, false);
}
