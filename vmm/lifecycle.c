/*
 * The life of a domain:
 *
 *   OFF, DEAD --start--> RUNNING (starting: scrub, load) --> RUNNING <--> PAUSED
 *   RUNNING --power-off--> OFF;  RUNNING --kill, own fault--> DEAD
 *   either of them with a restart policy --> RESTARTING --> start
 *
 * A start waits until no back end holds memory of the last incarnation (d->holders): a disk
 * controller may still be writing there. A fault that a vCPU meets on another CPU than the owner's
 * takes it off and is told the owner, which does the rest.
 */
#include "vmm/lifecycle.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "drivers/power.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vmm/bootpage.h"
#include "vmm/console.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/mailbox.h"
#include "vmm/sched.h"
#include "vmm/service.h"
#include "vmm/trace.h"
#include "vmm/vclock.h"
#include "vmm/vlapic.h"
#include "vmm/vpower.h"

#define WATCHDOG_MS_MAX 3600000
#define MINUTE_NS       60000000000ull

/* Bits of domain->orders beside those of enum hv_domain_op. */
#define ORDER_WATCHDOG (1u << 31) /* domain->watchdog_ms was set by a vCPU of another CPU */

/* domain->end: how a vCPU on another CPU than the owner's has ended its domain. */
enum { END_NONE, END_CLAIMED, END_FAULT, END_OFF, END_RESET };

static bool domain_is_here(const struct domain *d)
{
	return d->vcpu[0]->cpu == cpu_index();
}

static bool domain_is_alive(const struct domain *d)
{
	return d->state == HV_STATE_RUNNING || d->state == HV_STATE_PAUSED;
}

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

/* The machine ends with its last guest. A live service domain that may do so ends it itself, when
   it has written out what the consoles hold. */
static void lifecycle_check_end(void)
{
	bool service = false, guest = false, had_guest = false;

	domain_for_each(d) {
		bool lives = domain_is_alive(d) || d->orders || d->wants_start;

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

static void lifecycle_bite(struct timer *t)
{
	struct domain *d = CONTAINER_OF(t, struct domain, watchdog);

	if (d->state == HV_STATE_RUNNING)
		domain_kill(d, "its watchdog was not fed: it hangs");
}

static void lifecycle_feed(struct domain *d)
{
	uint64_t ms = __atomic_load_n(&d->watchdog_ms, __ATOMIC_RELAXED);

	d->watchdog.fire = lifecycle_bite;
	timer_set(&d->watchdog, ms ? tsc_read() + tsc_from_ns(ms * 1000000) : TIMER_NEVER);
}

enum err lifecycle_watchdog(struct domain *d, uint64_t ms)
{
	if (ms > WATCHDOG_MS_MAX)
		return ERR_RANGE;
	__atomic_store_n(&d->watchdog_ms, (uint32_t)ms, __ATOMIC_RELAXED);
	if (domain_is_here(d)) {
		lifecycle_feed(d);
	} else {
		__atomic_fetch_or(&d->orders, ORDER_WATCHDOG, __ATOMIC_RELEASE);
		vcpu_request(d->vcpu[0], REQUEST_ORDER);
	}
	return OK;
}

void lifecycle_off(struct vcpu *v)
{
	sched_off(v);
	ioreq_cancel(v);
	vlapic_reset(v);
	vclock_reset(v); /* its pages are scrubbed before the next start */
}

/* Takes the domain off its CPUs; afterwards it touches nothing, and no word that its vCPUs have
   sent to each other is left. */
static void lifecycle_take_off(struct domain *d)
{
	for (unsigned i = 0; i < d->vcpus; i++) {
		if (d->vcpu[i]->cpu == cpu_index())
			lifecycle_off(d->vcpu[i]);
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
	__atomic_fetch_and(&d->orders, ~ORDER_WATCHDOG, __ATOMIC_RELAXED);
	__atomic_store_n(&d->end, END_NONE, __ATOMIC_RELAXED);
}

static void lifecycle_halt(struct domain *d, enum hv_domain_state state)
{
	lifecycle_take_off(d);
	timer_set(&d->watchdog, TIMER_NEVER);
	d->starting = false;
	d->state = state;
	trace(HV_TRACE_DOMAIN, d->vcpu[0], d->state, d->incarnation);
	service_died(d);
}

static void lifecycle_begin(struct domain *d)
{
	if (domain_is_alive(d)) {
		d->wants_start = false;
		return;
	}
	d->wants_start = true;
	d->state = HV_STATE_RESTARTING;
	/* Partner: domain_released. It sees the wish, or we see that nobody holds any more. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&d->holders, __ATOMIC_ACQUIRE))
		return;
	d->incarnation++;
	d->starting = true;
	d->scrubbed = 0;
	/* At each moment one of the two says to lifecycle_check_end that it lives. */
	d->state = HV_STATE_RUNNING;
	trace(HV_TRACE_DOMAIN, d->vcpu[0], d->state, d->incarnation);
	__atomic_store_n(&d->wants_start, false, __ATOMIC_RELEASE);
	sched_ready(d->vcpu[0]);
}

/* False: it has been restarted too often of late. */
static bool lifecycle_may_restart(struct domain *d)
{
	uint64_t now = tsc_read();

	if (tsc_ns(now - d->minute_start) > MINUTE_NS || !d->minute_start) {
		d->minute_start = now;
		d->restarts = 0;
	}
	if (d->restarts++ < d->config->restart_limit)
		return true;
	log_error("%s: restarted %u times within a minute: it stays off", d->name,
		  d->config->restart_limit);
	return false;
}

static void lifecycle_stop(struct domain *d, enum hv_domain_state state, bool again)
{
	bool restart = again && lifecycle_may_restart(d);

	d->wants_start = restart;
	lifecycle_halt(d, restart ? HV_STATE_RESTARTING : state);
	if (restart)
		lifecycle_begin(d);
	else
		lifecycle_check_end();
}

/* On another CPU than the owner's, whose vCPUs of the domain run no more: the first fault of all
   is kept for the owner. NULL: this one is not the first, or its vCPUs were taken off meanwhile. */
static bool lifecycle_claim_end(struct domain *d)
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

static void lifecycle_tell_end(struct domain *d, uint32_t end)
{
	/* Release: the owner, which sees it, sees the words. */
	__atomic_store_n(&d->end, end, __ATOMIC_RELEASE);
	vcpu_request(d->vcpu[0], REQUEST_ORDER);
}

static void lifecycle_fault(struct domain *d)
{
	log_error("%s: stopped: %s", d->name, d->last_words);
	lifecycle_stop(d, HV_STATE_DEAD, d->config->restart != CONFIG_RESTART_NEVER);
}

PRINTF(2, 3) enum verdict domain_kill(struct domain *d, const char *fmt, ...)
{
	bool here = domain_is_here(d);
	va_list ap;

	if (here ? !domain_is_alive(d) : !lifecycle_claim_end(d))
		return VERDICT_KILL;
	va_start(ap, fmt);
	format_va(here ? d->last_words : d->end_words, sizeof(d->last_words), fmt, ap);
	va_end(ap);
	if (here)
		lifecycle_fault(d);
	else
		lifecycle_tell_end(d, END_FAULT);
	return VERDICT_KILL;
}

static void lifecycle_power(struct domain *d, bool reset)
{
	log_info("%s: %s", d->name, reset ? "reset by itself" : "powered off");
	lifecycle_stop(d, HV_STATE_OFF, reset || d->config->restart == CONFIG_RESTART_ALWAYS);
}

enum verdict domain_power(struct domain *d, bool reset)
{
	if (domain_is_here(d))
		lifecycle_power(d, reset);
	else if (lifecycle_claim_end(d))
		lifecycle_tell_end(d, reset ? END_RESET : END_OFF);
	return VERDICT_KILL;
}

/* What a vCPU has told from another CPU. */
static void lifecycle_hear(struct domain *d)
{
	uint32_t end = __atomic_load_n(&d->end, __ATOMIC_ACQUIRE);

	if (end == END_FAULT) {
		str_copy(d->last_words, d->end_words, sizeof(d->last_words));
		lifecycle_fault(d);
	} else if (end == END_OFF || end == END_RESET) {
		lifecycle_power(d, end == END_RESET);
	}
}

void lifecycle_give_up(struct domain *d, const char *why)
{
	str_copy(d->last_words, why, sizeof(d->last_words));
	log_error("%s: not started: %s", d->name, why);
	lifecycle_stop(d, HV_STATE_DEAD, false);
}

void domain_released(struct domain *d, unsigned holder)
{
	uint32_t bit = 1u << holder;
	uint32_t old = __atomic_fetch_and(&d->holders, ~bit, __ATOMIC_ACQ_REL);

	if (old == bit && d->wants_start)
		vcpu_request(d->vcpu[0], REQUEST_ORDER);
}

enum err domain_control(struct domain *d, uint32_t op)
{
	if (op > HV_DOMAIN_RESUME)
		return ERR_INVAL;
	if (!d->vcpus)
		return ERR_STATE;
	if (op == HV_DOMAIN_START ? domain_is_alive(d)
				  : !domain_is_alive(d) && op != HV_DOMAIN_RESTART &&
					    !(op == HV_DOMAIN_KILL && d->wants_start))
		return ERR_STATE;
	__atomic_fetch_or(&d->orders, 1u << op, __ATOMIC_RELEASE);
	vcpu_request(d->vcpu[0], REQUEST_ORDER);
	return OK;
}

static void lifecycle_press_button(struct domain *d)
{
	if (d->vcpu[0]->events)
		event_set(d, HV_EVENT_SHUTDOWN);
	vpower_press(d);
}

/* What the vCPU waits for is asked again when it goes on (contract.md section 1). */
static void lifecycle_follow(struct vcpu *v)
{
	uint32_t state = __atomic_load_n(&v->domain->state, __ATOMIC_ACQUIRE);

	if (state == HV_STATE_PAUSED && v->run_state != VCPU_PAUSED) {
		ioreq_cancel(v);
		sched_pause(v);
	} else if (state == HV_STATE_RUNNING && v->run_state == VCPU_PAUSED) {
		sched_resume(v);
	}
}

static void lifecycle_pause(struct domain *d, bool pause)
{
	if (d->state != (pause ? HV_STATE_RUNNING : HV_STATE_PAUSED))
		return;
	__atomic_store_n(&d->state, pause ? HV_STATE_PAUSED : HV_STATE_RUNNING, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < d->vcpus; i++) {
		if (d->vcpu[i]->cpu == cpu_index())
			lifecycle_follow(d->vcpu[i]);
		else
			vcpu_request(d->vcpu[i], REQUEST_ORDER);
	}
	trace(HV_TRACE_DOMAIN, d->vcpu[0], d->state, d->incarnation);
	bootpage_peer_changed(d);
}

static void lifecycle_obey(struct domain *d, enum hv_domain_op op)
{
	bool alive = domain_is_alive(d);

	switch (op) {
	case HV_DOMAIN_START: lifecycle_begin(d); break;
	case HV_DOMAIN_STOP:
		if (alive)
			lifecycle_press_button(d);
		break;
	case HV_DOMAIN_KILL:
	case HV_DOMAIN_RESTART:
		str_copy(d->last_words, op == HV_DOMAIN_KILL ? "killed" : "restarted",
			 sizeof(d->last_words));
		log_info("%s: %s by order", d->name, d->last_words);
		d->wants_start = op == HV_DOMAIN_RESTART;
		if (alive)
			lifecycle_halt(d, d->wants_start ? HV_STATE_RESTARTING : HV_STATE_DEAD);
		else
			d->state = HV_STATE_DEAD;
		if (op == HV_DOMAIN_RESTART)
			lifecycle_begin(d);
		else
			lifecycle_check_end();
		break;
	case HV_DOMAIN_CRASH:
		if (alive)
			domain_kill(d, "crashed by order");
		break;
	case HV_DOMAIN_PAUSE: lifecycle_pause(d, true); break;
	case HV_DOMAIN_RESUME: lifecycle_pause(d, false); break;
	}
}

static void lifecycle_domain_orders(struct domain *d)
{
	uint32_t orders = __atomic_load_n(&d->orders, __ATOMIC_ACQUIRE);

	lifecycle_hear(d);
	if (orders & ORDER_WATCHDOG && d->state == HV_STATE_RUNNING)
		lifecycle_feed(d);
	/* A wish before the order goes, for lifecycle_check_end on another CPU. */
	if (orders & (1u << HV_DOMAIN_START))
		d->wants_start = true;
	__atomic_fetch_and(&d->orders, ~orders, __ATOMIC_ACQ_REL);
	for (orders &= ~ORDER_WATCHDOG; orders; orders &= orders - 1)
		lifecycle_obey(d, __builtin_ctz(orders));
	if (d->wants_start && !domain_is_alive(d))
		lifecycle_begin(d);
}

void lifecycle_orders(struct vcpu *v)
{
	if (v->index)
		lifecycle_follow(v);
	else
		lifecycle_domain_orders(v->domain);
}
