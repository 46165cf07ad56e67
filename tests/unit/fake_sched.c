/*
 * See fake_sched.h.
 */
#include "tests/unit/fake_sched.h"

#include <asm/prctl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/lapic.h"
#include "lib/assert.h"
#include "lib/log.h"
#include "vmm/backend.h"
#include "vmm/ending.h"
#include "vmm/lifecycle.h"
#include "vmm/run.h"
#include "vmm/sched.h"
#include "vmm/sched_cpu.h"
#include "vmm/startup.h"
#include "vmm/switch.h"
#include "vmm/trace.h"
#include "vmm/vclock.h"

struct actor actors[ACTORS];
uint64_t fake_now;

static struct cpu cpu = { .self = &cpu };
static struct domain domains[ACTORS];
static struct config_domain configs[ACTORS];
static struct ioreq_set sets[ACTORS];
static unsigned domain_total, actor_total;
static uint64_t guest_timer, host_timer, stop_at, interrupt_at;
static void (*interrupt)(void);
static jmp_buf stop;

/* --- the rest of the hypervisor ------------------------------------------------------------- */

uint32_t trace_mask;

void trace_put(enum hv_trace_event event, const struct vcpu *v, uint64_t a, uint64_t b)
{
}

void sched_trace_leave(struct sched_cpu *c, uint64_t now)
{
}

void sched_trace_enter(struct sched_cpu *c)
{
}

void panic(const char *fmt, ...)
{
	puts(fmt);
	abort();
}

void log_line(enum log_level level, const char *fmt, ...)
{
}

unsigned domain_count(void)
{
	return domain_total;
}

struct domain *domain_get(unsigned id)
{
	return id < domain_total ? &domains[id] : NULL;
}

unsigned cpu_count(void)
{
	return 1;
}

struct cpu *cpu_by_index(unsigned index)
{
	return &cpu;
}

uint64_t tsc_from_ns(uint64_t ns)
{
	return ns / 1000;
}

uint64_t tsc_ns(uint64_t ticks)
{
	return ticks * 1000;
}

void irq_set_handler(uint8_t vector, irq_handler_fn *fn, void *arg)
{
}

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
}

void lapic_timer_arm(uint64_t deadline)
{
	host_timer = deadline;
}

static bool set_timer(uint64_t deadline)
{
	guest_timer = deadline;
	return true;
}

static void flush(struct vcpu *v)
{
}

static void get_state(struct vcpu *v, struct vcpu_state *s)
{
	*s = ((struct actor *)v)->state;
}

static void set_state(struct vcpu *v, const struct vcpu_state *s)
{
	((struct actor *)v)->state = *s;
}

static const struct backend fake = {
	.set_timer = set_timer, .flush = flush, .get_state = get_state, .set_state = set_state
};
const struct backend *backend = &fake;

void switch_between(struct vcpu **held, struct vcpu *v)
{
	*held = v;
}

void switch_save(struct vcpu **held, struct vcpu *v)
{
	if (*held == v)
		*held = NULL;
}

void switch_forget(struct vcpu **held, struct vcpu *v)
{
	switch_save(held, v);
}

void vclock_steal(struct vcpu *v, uint64_t ticks)
{
}

void vclock_update(struct vcpu *v)
{
}

void lifecycle_orders(struct vcpu *v)
{
}

void ending_off(struct vcpu *v)
{
	sched_off(v);
	v->io.asked = false;
}

__attribute__((weak)) void startup_reset(struct vcpu *v)
{
}

__attribute__((weak)) void startup_init(struct vcpu *v)
{
}

__attribute__((weak)) void startup_begin(struct vcpu *v)
{
}

static struct actor *actor_of(struct vcpu *v)
{
	return (struct actor *)v;
}

bool run_may_wake(struct vcpu *v)
{
	bool woken = actor_of(v)->woken;

	actor_of(v)->woken = false;
	return woken;
}

/* --- time ----------------------------------------------------------------------------------- */

/* Until something happens, `most` ticks at the most; returns how many passed. */
static uint64_t pass(uint64_t most)
{
	uint64_t began = fake_now, next = MIN(MIN(guest_timer, host_timer), stop_at);

	next = MAX(MIN(next, interrupt_at), began);
	fake_now = most < next - began ? began + most : next;
	return fake_now - began;
}

static void happen(void)
{
	if (interrupt_at <= fake_now) {
		interrupt_at = FOREVER;
		interrupt();
	}
	if (guest_timer <= fake_now || host_timer <= fake_now) {
		guest_timer = host_timer = FOREVER;
		sched_tick(NULL);
	}
	if (stop_at <= fake_now)
		longjmp(stop, 1);
}

void irq_wait(void)
{
	if (stop_at <= fake_now)
		longjmp(stop, 1);
	pass(FOREVER);
	happen();
}

/* An access that waited is handled again first. */
static void take_answer(struct actor *a)
{
	if (!a->v.io.asked)
		return;
	if (!a->answered) {
		a->v.run_state = VCPU_BLOCKED;
		return;
	}
	a->v.io.asked = a->answered = false;
	a->served++;
	a->work = a->think;
}

/* Whole lists, and neither who runs nor who pays in one of them. */
static void check_queues(const struct sched_cpu *c)
{
	unsigned count = 0;

	for (unsigned p = 0; p < RUNQ_PRIORITIES; p++) {
		const struct list *level = &c->ready.level[p];

		assert(list_is_empty(level) == !(c->ready.levels >> p & 1));
		list_for_each(node, level)
			assert(node->next->prev == node && count++ < ACTORS);
	}
	assert(list_is_empty(&c->running->queue) && list_is_empty(&c->payer->queue));
}

void run_until(struct vcpu *v, const volatile bool *attention)
{
	struct actor *a = actor_of(v);
	uint64_t passed;

	check_queues(sched_cpu_of(0));
	take_answer(a);
	while (v->run_state == VCPU_RUNNING && !*attention) {
		passed = pass(a->work);
		a->ran += passed;
		if (a->work != FOREVER)
			a->work -= passed;
		if (!a->work && stop_at > fake_now)
			a->act(a);
		happen();
	}
}

void machine_at(uint64_t time, void (*fn)(void))
{
	interrupt_at = time;
	interrupt = fn;
}

void machine_play(uint64_t ticks)
{
	stop_at = fake_now + ticks;
	if (!setjmp(stop))
		sched_loop();
}

void machine_measure(uint64_t ticks)
{
	for (unsigned i = 0; i < ACTORS; i++)
		actors[i].ran = 0;
	machine_play(ticks);
}

/* --- who there is --------------------------------------------------------------------------- */

int machine_fresh(void **state)
{
	struct sched_cpu *c = sched_cpu_of(0);

	if (syscall(SYS_arch_prctl, ARCH_SET_GS, &cpu) != 0)
		abort();
	if (c->quantum.fire) {
		/* What the last test left. */
		timer_set(&c->quantum, TIMER_NEVER);
		timer_set(&c->renewal, TIMER_NEVER);
		timer_set(&c->turn, TIMER_NEVER);
	}
	*c = (struct sched_cpu){ 0 };
	sched_init();
	memset(actors, 0, sizeof(actors));
	memset(domains, 0, sizeof(domains));
	memset(configs, 0, sizeof(configs));
	memset(sets, 0, sizeof(sets));
	domain_total = actor_total = 0;
	fake_now = 0;
	host_timer = guest_timer = interrupt_at = FOREVER;
	return 0;
}

struct actor *machine_add(unsigned vcpus, unsigned priority, unsigned quantum, unsigned cap)
{
	struct actor *first = &actors[actor_total];
	struct domain *d = &domains[domain_total];

	configs[domain_total] = (struct config_domain){
		.vcpus = vcpus, .priority = priority, .quantum_us = quantum, .cap_percent = cap
	};
	d->id = (uint16_t)domain_total;
	d->config = &configs[domain_total];
	d->ioreqs = &sets[domain_total++];
	for (; d->vcpus < vcpus; d->vcpus++, actor_total++) {
		struct actor *a = &actors[actor_total];

		d->vcpu[d->vcpus] = &a->v;
		a->v.domain = d;
		a->v.index = (uint16_t)d->vcpus;
		a->work = FOREVER;
		sched_vcpu_init(&a->v);
		sched_ready(&a->v);
	}
	return first;
}

void actor_answer(struct actor *a)
{
	struct actor *client;

	if (!a->clients)
		return;
	client = &actors[__builtin_ctz(a->clients)];
	a->clients &= a->clients - 1;
	client->answered = true;
	vcpu_request(&client->v, REQUEST_ANSWER);
}

static void serve(struct actor *a)
{
	a->work = a->think;
	actor_answer(a);
	if (!a->clients)
		a->v.run_state = VCPU_SLEEPING;
}

struct actor *machine_add_back_end(unsigned priority, unsigned budget)
{
	struct actor *a = machine_add(1, priority, 1000, 0);

	sched_off(&a->v);
	configs[a->v.domain->id].flags = CONFIG_FLAG_SERVICE;
	configs[a->v.domain->id].cap_percent = budget;
	sched_vcpu_init(&a->v);
	a->v.run_state = VCPU_SLEEPING;
	a->act = serve;
	a->work = a->think = 10;
	return a;
}

void actor_wake(struct actor *a)
{
	a->woken = true;
	vcpu_request(&a->v, REQUEST_WAKE);
}

static void ask(struct actor *a)
{
	struct actor *s = (struct actor *)a->v.domain->ioreqs->link[0].backend->vcpu[0];

	a->v.io.asked = true;
	a->v.run_state = VCPU_BLOCKED;
	s->clients |= 1u << (a - actors);
	actor_wake(s);
}

void actor_asks(struct actor *a, struct actor *back_end, uint64_t think)
{
	struct ioreq_set *s = a->v.domain->ioreqs;

	s->links = 1;
	s->link[0].backend = back_end->v.domain;
	a->act = ask;
	a->work = a->think = think;
}

static void rest(struct actor *a)
{
	a->work = FOREVER;
	a->v.run_state = VCPU_SLEEPING;
}

void actor_works(struct actor *a, uint64_t ticks)
{
	a->work = ticks;
	a->act = rest;
}
