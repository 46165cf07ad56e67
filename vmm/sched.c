/*
 * The dispatcher of each CPU. `attention` is the one flag that the loop around a guest looks at:
 * interrupt handlers, timers and requests set it, and the scheduler then finds out what there is to
 * do. Who is ready is in the run queue, but for those with slots, and those that are spent.
 */
#include "vmm/sched.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "vmm/ioreq.h"
#include "vmm/mailbox.h"
#include "vmm/run.h"
#include "vmm/sched_cpu.h"
#include "vmm/switch.h"
#include "vmm/trace.h"
#include "vmm/vclock.h"

static struct sched_cpu sched_cpus[MAX_CPUS];

struct sched_cpu *sched_cpu_of(unsigned cpu)
{
	return &sched_cpus[cpu];
}

static struct sched_cpu *sched_this(void)
{
	return sched_cpu_of(cpu_index());
}

void sched_attend(void)
{
	sched_this()->attention = true;
}

void sched_mail(void *arg)
{
	sched_attend();
}

void sched_time_up(void)
{
	sched_this()->tick = true;
	sched_this()->attention = true;
}

void sched_tick(void *arg)
{
	timer_fired();
	sched_time_up();
}

void sched_again(struct sched_cpu *c)
{
	c->again = c->attention = true;
}

void sched_yield(void)
{
	struct sched_cpu *c = sched_this();

	c->payer->slice_left = 0;
	sched_again(c);
}

void sched_queue(struct sched_cpu *c, struct vcpu *v, bool front)
{
	if (v->slotted || (v->spent && !sched_is_back_end(v)))
		return;
	runq_put(&c->ready, v, front);
}

void sched_ready(struct vcpu *v)
{
	struct sched_cpu *c = sched_this();

	assert(v->cpu == cpu_index());
	if (v->run_state == VCPU_READY || v->run_state == VCPU_RUNNING)
		return;
	v->run_state = VCPU_READY;
	v->ready_since = tsc_read();
	/* A lender keeps its place in the queue, and what runs on its time comes off. */
	if (c->payer == v && c->running != v)
		sched_again(c);
	else if (list_is_empty(&v->queue))
		sched_queue(c, v, false);
	if (UNLIKELY(v->slotted) && c->slot && c->slot->vcpu == v)
		sched_again(c);
	if (UNLIKELY(c->stranded) && sched_is_back_end(v))
		sched_rejoin(c);
	if (!c->running)
		return;
	if (runq_has_higher(&c->ready, c->payer->priority))
		c->attention = true;
	else
		sched_arm(c); /* of lenders, too, that come back with v */
}

static void sched_take_out(struct sched_cpu *c, struct vcpu *v, enum vcpu_run_state state)
{
	assert(v->cpu == cpu_index());
	runq_remove(&c->ready, v);
	v->run_state = state;
	if (c->running == v)
		c->attention = true;
	else if (c->payer == v)
		sched_again(c);
}

void sched_off(struct vcpu *v)
{
	struct sched_cpu *c = sched_this();

	sched_take_out(c, v, VCPU_OFF);
	switch_forget(&c->loaded, v);
}

void sched_wait_startup(struct vcpu *v)
{
	struct sched_cpu *c = sched_this();

	sched_take_out(c, v, VCPU_INIT);
	switch_save(&c->loaded, v);
}

void sched_pause(struct vcpu *v)
{
	v->paused_from = v->run_state;
	sched_take_out(sched_this(), v, VCPU_PAUSED);
}

void sched_resume(struct vcpu *v)
{
	bool asleep = v->paused_from == VCPU_SLEEPING && !run_may_wake(v);

	if (asleep || v->paused_from == VCPU_OFF || v->paused_from == VCPU_INIT)
		v->run_state = v->paused_from;
	else
		sched_ready(v);
}

/* Both back into the queue, what ran and who lent to it: at the end of their level when their slice
   is over, else at the front. */
static void sched_put(struct sched_cpu *c)
{
	struct vcpu *v = c->running, *p = c->payer;
	uint64_t now = tsc_read(), used = now - c->since;

	if (UNLIKELY(trace_mask))
		sched_trace_leave(c, now);
	v->run_cycles += used;
	p->slice_left = used < p->slice_left ? p->slice_left - used : 0;
	if (UNLIKELY(p->cap.share))
		sched_pay(c, p, used);
	c->running = c->payer = NULL;
	if (v->run_state == VCPU_RUNNING) {
		v->run_state = VCPU_READY;
		v->ready_since = now;
		sched_queue(c, v, v->slice_left);
	} else if (sched_server(v)) {
		sched_queue(c, v, v->slice_left);
	}
	if (p != v && (p->run_state == VCPU_READY || sched_server(p)))
		sched_queue(c, p, p->slice_left);
}

/* Who runs on the time of v, whose turn it is. */
static struct vcpu *sched_runner(struct vcpu *v)
{
	struct vcpu *s;

	if (LIKELY(v->run_state == VCPU_READY))
		return v;
	s = sched_server(v);
	return s && s->run_state == VCPU_READY ? s : NULL;
}

/* The next one and its payer, taken out of the queue; NULL if nobody can run. */
static struct vcpu *sched_pick(struct sched_cpu *c)
{
	struct vcpu *runner = NULL, *v;

	if (UNLIKELY(c->slot)) {
		v = c->slot->vcpu;
		runner = sched_runner(v);
	} else {
		while ((v = runq_pick(&c->ready)) != NULL && !(runner = sched_runner(v)))
			c->stranded = true;
	}
	if (runner && runner != v)
		runq_remove(&c->ready, runner);
	c->payer = v;
	return runner;
}

/* The next one goes in; false if nobody can run. */
static bool sched_enter(struct sched_cpu *c)
{
	struct vcpu *v = sched_pick(c);

	if (!v)
		return false;
	c->since = tsc_read();
	if (UNLIKELY(c->payer->cap.share) && !c->payer->spent)
		sched_cap_renew(&c->payer->cap, c->since);
	vclock_steal(v, c->since - v->ready_since);
	switch_to(&c->loaded, v);
	v->run_state = VCPU_RUNNING;
	c->running = v;
	sched_arm(c);
	if (UNLIKELY(trace_mask))
		sched_trace_enter(c);
	return true;
}

static bool sched_must_leave(const struct sched_cpu *c)
{
	return c->running->run_state != VCPU_RUNNING || c->again ||
	       (!c->slot && runq_has_higher(&c->ready, c->payer->priority));
}

static void sched_idle(struct sched_cpu *c)
{
	c->left = 0;
	trace(HV_TRACE_IDLE, NULL, 0, 0);
	timer_wait();
	if (!c->attention)
		irq_wait();
}

NORETURN void sched_loop(void)
{
	struct sched_cpu *c = sched_this();

	if (c->table.slots)
		sched_look(c);
	for (;;) {
		c->attention = false;
		mailbox_drain();
		if (c->tick) {
			c->tick = false;
			timer_run();
		}
		if (c->running && sched_must_leave(c))
			sched_put(c);
		c->again = false;
		if (c->running || sched_enter(c))
			run_until(c->running, &c->attention);
		else
			sched_idle(c);
	}
}
