/*
 * The life of a domain:
 *
 *   OFF, DEAD --start--> RUNNING (starting: scrub, load) --> RUNNING <--> PAUSED
 *   RUNNING --power-off--> OFF;  RUNNING --kill, own fault--> DEAD   (ending.c)
 *   either of them with a restart policy --> RESTARTING --> start
 *
 * A start waits until no back end holds memory of the last incarnation (d->holders): a disk
 * controller may still be writing there. One that does not follow its power button is killed when
 * d->patience is over.
 */
#include "vmm/lifecycle.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vmm/bootpage.h"
#include "vmm/ending.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/sched.h"
#include "vmm/trace.h"
#include "vmm/vpower.h"
#include "vmm/watchdog.h"

#define STOP_MS_MAX 3600000
#define NS_PER_MS   1000000ull

bool lifecycle_is_alive(const struct domain *d)
{
	return d->state == HV_STATE_RUNNING || d->state == HV_STATE_PAUSED;
}

void lifecycle_begin(struct domain *d)
{
	if (lifecycle_is_alive(d)) {
		d->wants_start = false;
		return;
	}
	d->wants_start = true;
	d->state = HV_STATE_RESTARTING;
	/* Partner: domain_released. It sees the wish, or we see that nobody holds any more. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (d->pausing || __atomic_load_n(&d->holders, __ATOMIC_ACQUIRE))
		return;
	d->incarnation++;
	d->starting = true;
	d->scrubbed = 0;
	/* At each moment one of the two says to ending_check that it lives. */
	d->state = HV_STATE_RUNNING;
	trace(HV_TRACE_DOMAIN, d->vcpu[0], d->state, d->incarnation);
	__atomic_store_n(&d->wants_start, false, __ATOMIC_RELEASE);
	sched_ready(d->vcpu[0]);
}

void domain_released(struct domain *d, unsigned holder)
{
	uint32_t bit = 1u << holder;
	uint32_t old = __atomic_fetch_and(&d->holders, ~bit, __ATOMIC_ACQ_REL);

	if (old == bit && d->wants_start)
		vcpu_request(d->vcpu[0], REQUEST_ORDER);
}

enum err domain_control(struct domain *d, uint32_t op, uint64_t argument)
{
	if (op > HV_DOMAIN_RESUME || (op == HV_DOMAIN_STOP && argument > STOP_MS_MAX))
		return ERR_INVAL;
	if (!d->vcpus)
		return ERR_STATE;
	if (op == HV_DOMAIN_START ? lifecycle_is_alive(d)
				  : !lifecycle_is_alive(d) && op != HV_DOMAIN_RESTART &&
					    !(op == HV_DOMAIN_KILL && d->wants_start))
		return ERR_STATE;
	if (op == HV_DOMAIN_STOP)
		__atomic_store_n(&d->stop_ms, (uint32_t)argument, __ATOMIC_RELAXED);
	__atomic_fetch_or(&d->orders, 1u << op, __ATOMIC_RELEASE);
	vcpu_request(d->vcpu[0], REQUEST_ORDER);
	return OK;
}

/* By order, without the restart policy. */
static void lifecycle_kill(struct domain *d, const char *words, bool again)
{
	str_copy(d->last_words, words, sizeof(d->last_words));
	ending_end_pause(d);
	d->wants_start = again;
	if (lifecycle_is_alive(d))
		ending_halt(d, again ? HV_STATE_RESTARTING : HV_STATE_DEAD);
	else
		d->state = HV_STATE_DEAD;
	if (again)
		lifecycle_begin(d);
	else
		ending_check();
}

static void lifecycle_lose_patience(struct timer *t)
{
	struct domain *d = CONTAINER_OF(t, struct domain, patience);

	if (!lifecycle_is_alive(d))
		return;
	log_warn("%s: did not stop when its power button was pressed: killed", d->name);
	lifecycle_kill(d, "killed, as it did not stop", false);
}

static void lifecycle_press_button(struct domain *d)
{
	uint64_t ms = __atomic_load_n(&d->stop_ms, __ATOMIC_RELAXED);

	if (!ms)
		ms = d->config->stop_timeout_ms;
	if (d->vcpu[0]->events)
		event_set(d, HV_EVENT_SHUTDOWN);
	vpower_press(d);
	d->patience.fire = lifecycle_lose_patience;
	timer_set(&d->patience, ms ? tsc_read() + tsc_from_ns(ms * NS_PER_MS) : TIMER_NEVER);
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
	if (!pause)
		watchdog_feed(d); /* it may have run out meanwhile */
	trace(HV_TRACE_DOMAIN, d->vcpu[0], d->state, d->incarnation);
	bootpage_peer_changed(d);
}

static void lifecycle_obey(struct domain *d, enum hv_domain_op op)
{
	bool alive = lifecycle_is_alive(d);

	switch (op) {
	case HV_DOMAIN_START:
		d->restarts = 0;
		ending_end_pause(d);
		lifecycle_begin(d);
		break;
	case HV_DOMAIN_STOP:
		if (alive)
			lifecycle_press_button(d);
		break;
	case HV_DOMAIN_KILL:
	case HV_DOMAIN_RESTART:
		log_info("%s: %s by order", d->name, op == HV_DOMAIN_KILL ? "killed" : "restarted");
		lifecycle_kill(d, op == HV_DOMAIN_KILL ? "killed" : "restarted",
			       op == HV_DOMAIN_RESTART);
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

	ending_hear(d);
	if (orders & WATCHDOG_ORDER && d->state == HV_STATE_RUNNING)
		watchdog_feed(d);
	/* A wish before the order goes, for ending_check on another CPU. */
	if (orders & (1u << HV_DOMAIN_START))
		d->wants_start = true;
	__atomic_fetch_and(&d->orders, ~orders, __ATOMIC_ACQ_REL);
	for (orders &= ~WATCHDOG_ORDER; orders; orders &= orders - 1)
		lifecycle_obey(d, __builtin_ctz(orders));
	if (d->wants_start && !lifecycle_is_alive(d))
		lifecycle_begin(d);
}

void lifecycle_orders(struct vcpu *v)
{
	if (v->index)
		lifecycle_follow(v);
	else
		lifecycle_domain_orders(v->domain);
}
