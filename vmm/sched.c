/*
 * Run queues and the loop of each CPU. `attention` is the one flag that the loop
 * around a guest looks at: interrupt handlers, timers and requests set it, and the scheduler then
 * finds out what there is to do.
 */
#include "vmm/sched.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/speculation.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/guestmem.h"
#include "vmm/mailbox.h"
#include "vmm/run.h"
#include "vmm/runq.h"
#include "vmm/timer.h"
#include "vmm/vclock.h"

struct sched_cpu {
	/* this CPU */
	struct runq ready;
	struct vcpu *running; /* in the loop now */
	struct vcpu *loaded;  /* whose FPU, debug registers and MSRs the CPU holds */
	uint64_t since;       /* TSC when `running` went in */
	struct timer quantum;
	volatile bool attention; /* also set by this CPU's interrupt handlers */
	volatile bool tick;      /* set by the timer's interrupt: a deadline has passed */
} ALIGNED(64);

static struct sched_cpu sched_cpus[MAX_CPUS];

static struct sched_cpu *sched_this(void)
{
	return &sched_cpus[cpu_index()];
}

void sched_attend(void)
{
	sched_this()->attention = true;
}

static void sched_mail(void *arg)
{
	sched_attend();
}

void sched_time_up(void)
{
	sched_this()->tick = true;
	sched_this()->attention = true;
}

static void sched_tick(void *arg)
{
	timer_fired();
	sched_time_up();
}

static void sched_quantum_over(struct timer *t)
{
	struct sched_cpu *c = CONTAINER_OF(t, struct sched_cpu, quantum);

	if (c->running)
		c->running->slice_left = 0;
	c->attention = true;
}

void sched_init(void)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		runq_init(&sched_cpus[i].ready);
		timer_init(&sched_cpus[i].quantum, sched_quantum_over);
	}
	irq_set_handler(IRQ_VECTOR_TIMER, sched_tick, NULL);
	irq_set_handler(IRQ_VECTOR_IPI, sched_mail, NULL);
}

unsigned sched_place(unsigned wish, bool service)
{
	static unsigned turn;
	unsigned cpus = cpu_count();

	if (wish < cpus)
		return wish;
	if (service || cpus == 1)
		return 0;
	return 1 + turn++ % (cpus - 1);
}

static void sched_queue(struct sched_cpu *c, struct vcpu *v, bool front)
{
	v->run_state = VCPU_READY;
	v->ready_since = tsc_read();
	runq_put(&c->ready, v, front);
}

/* The quantum runs only while somebody of the same level waits. */
static void sched_arm_quantum(struct sched_cpu *c)
{
	struct vcpu *v = c->running;
	bool shared = v && runq_has_equal(&c->ready, v->priority);

	timer_set(&c->quantum, shared ? c->since + v->slice_left : TIMER_NEVER);
}

void sched_ready(struct vcpu *v)
{
	struct sched_cpu *c = sched_this();

	assert(v->cpu == cpu_index());
	if (v->run_state == VCPU_READY || v->run_state == VCPU_RUNNING)
		return;
	sched_queue(c, v, false);
	if (!c->running)
		return;
	if (v->priority > c->running->priority)
		c->attention = true;
	else if (v->priority == c->running->priority)
		sched_arm_quantum(c);
}

void sched_off(struct vcpu *v)
{
	struct sched_cpu *c = sched_this();

	assert(v->cpu == cpu_index());
	if (v->run_state == VCPU_READY)
		runq_remove(&c->ready, v);
	v->run_state = VCPU_OFF;
	if (c->loaded == v) {
		backend->switch_out(v);
		c->loaded = NULL;
	}
	if (c->running == v)
		c->attention = true;
}

void sched_pause(struct vcpu *v)
{
	struct sched_cpu *c = sched_this();

	assert(v->cpu == cpu_index());
	v->paused_from = v->run_state;
	if (v->run_state == VCPU_READY)
		runq_remove(&c->ready, v);
	v->run_state = VCPU_PAUSED;
	if (c->running == v)
		c->attention = true;
}

void sched_resume(struct vcpu *v)
{
	bool asleep = v->paused_from == VCPU_SLEEPING && !run_may_wake(v);

	if (asleep || v->paused_from == VCPU_OFF || v->paused_from == VCPU_INIT)
		v->run_state = v->paused_from;
	else
		sched_ready(v);
}

static void sched_unload(struct vcpu *v)
{
	if (v->run_state == VCPU_READY)
		vclock_leave(v);
	backend->switch_out(v);
	if (vcpu_xcr0(v) != fpu_xcr0_mask())
		insn_xsetbv(0, fpu_xcr0_mask());
	fpu_save(v->fpu);
}

void sched_wait_startup(struct vcpu *v)
{
	struct sched_cpu *c = sched_this();

	assert(v->cpu == cpu_index());
	if (v->run_state == VCPU_READY)
		runq_remove(&c->ready, v);
	v->run_state = VCPU_INIT;
	if (c->loaded == v) {
		sched_unload(v);
		c->loaded = NULL;
	}
	if (c->running == v)
		c->attention = true;
}

/* The processor holds one vCPU's eager state; it stays there while the CPU idles. */
static void sched_load(struct sched_cpu *c, struct vcpu *v)
{
	if (c->loaded == v)
		return;
	if (c->loaded)
		sched_unload(c->loaded);
	else if (fpu_xcr0_mask())
		insn_xsetbv(0, fpu_xcr0_mask());
	if (!c->loaded || c->loaded->domain != v->domain)
		speculation_wipe();
	guestmem_enter(v->domain);
	fpu_restore(v->fpu);
	if (v->xcr0 != fpu_xcr0_mask())
		insn_xsetbv(0, v->xcr0);
	backend->switch_in(v);
	vclock_enter(v);
	c->loaded = v;
}

/* Back into its queue: at the end when its slice is over, else at the front. */
static void sched_put(struct sched_cpu *c, struct vcpu *v)
{
	uint64_t used = tsc_read() - c->since;

	c->running = NULL;
	v->run_cycles += used;
	v->slice_left = used < v->slice_left ? v->slice_left - used : 0;
	if (v->run_state == VCPU_RUNNING)
		sched_queue(c, v, v->slice_left != 0);
}

/* The next one goes in; false if nobody is ready. */
static bool sched_enter(struct sched_cpu *c)
{
	struct vcpu *v = runq_pick(&c->ready);

	if (!v)
		return false;
	c->since = tsc_read();
	vclock_steal(v, c->since - v->ready_since);
	sched_load(c, v);
	v->run_state = VCPU_RUNNING;
	c->running = v;
	sched_arm_quantum(c);
	return true;
}

static void sched_timers(struct sched_cpu *c)
{
	c->tick = false;
	timer_run();
}

static bool sched_must_leave(const struct sched_cpu *c, const struct vcpu *v)
{
	return v->run_state != VCPU_RUNNING || !v->slice_left ||
	       runq_has_higher(&c->ready, v->priority);
}

NORETURN void sched_loop(void)
{
	struct sched_cpu *c = sched_this();

	for (;;) {
		c->attention = false;
		mailbox_drain();
		if (c->tick)
			sched_timers(c);
		if (c->running && sched_must_leave(c, c->running))
			sched_put(c, c->running);
		if (!c->running && !sched_enter(c)) {
			timer_wait();
			if (!c->attention)
				irq_wait();
			continue;
		}
		run_until(c->running, &c->attention);
	}
}
