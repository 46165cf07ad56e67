/*
 * Mailboxes: a stack of vCPUs for each physical CPU, linked by wake_next, pushed with
 * compare-exchange by anybody and taken whole by its CPU. REQUEST_QUEUED says that a vCPU lies in
 * one.
 *
 * Urgent requests are those that somebody waits for. They stay set until they are served, and a CPU
 * that waits itself serves them, and nothing else, so that two CPUs may wait for each other.
 */
#include "vmm/mailbox.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/lapic.h"
#include "lib/assert.h"
#include "lib/bits.h"
#include "vmm/backend.h"
#include "vmm/ending.h"
#include "vmm/lifecycle.h"
#include "vmm/run.h"
#include "vmm/sched.h"
#include "vmm/startup.h"
#include "vmm/trace.h"
#include "vmm/vclock.h"

#define URGENT (REQUEST_OFF | REQUEST_FLUSH)

static struct {
	struct vcpu *newest; /* any CPU, atomically */
	struct vcpu *taken;  /* its CPU: taken out and not served yet, oldest first */
} ALIGNED(64) mailbox[MAX_CPUS];

void vcpu_request(struct vcpu *v, uint32_t requests)
{
	struct vcpu **box = &mailbox[v->cpu].newest, *before;
	/* Pairs with the exchange in mailbox_drain: what was set before is seen with the bits. */
	uint32_t old = __atomic_fetch_or(&v->requests, requests | REQUEST_QUEUED, __ATOMIC_ACQ_REL);

	if (old & REQUEST_QUEUED)
		return;
	before = __atomic_load_n(box, __ATOMIC_RELAXED);
	do
		v->wake_next = before;
	while (!__atomic_compare_exchange_n(box, &before, v, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
	/* Who found it empty tells its CPU. */
	if (v->cpu == cpu_index())
		sched_attend();
	else if (!before)
		lapic_ipi(cpu_by_index(v->cpu)->apic_id, IRQ_VECTOR_IPI);
}

/* What others wait for. No guest runs here until it is done: who sees a bit cleared knows that the
   vCPU is off, or that it enters next without a translation from before the request. */
static COLD void mailbox_serve_urgent(struct vcpu *v)
{
	/* Acquire: the tables that changed before the request. */
	uint32_t requests = __atomic_load_n(&v->requests, __ATOMIC_ACQUIRE) & URGENT;

	if (!requests)
		return;
	if (requests & REQUEST_OFF)
		ending_off(v);
	if (requests & REQUEST_FLUSH)
		backend->flush(v);
	/* Pairs with the acquire in mailbox_wait. */
	__atomic_fetch_and(&v->requests, ~requests, __ATOMIC_RELEASE);
}

/* All but the usual ones, in the order in which one may follow from another. */
static COLD void mailbox_serve_rare(struct vcpu *v, uint32_t requests)
{
	if (requests & URGENT)
		mailbox_serve_urgent(v);
	if (requests & REQUEST_RESET)
		startup_reset(v);
	if (requests & REQUEST_INIT)
		startup_init(v);
	if (requests & REQUEST_STARTUP)
		startup_begin(v);
	if (requests & REQUEST_ORDER)
		lifecycle_orders(v);
	if (requests & REQUEST_NMI)
		v->nmi_pending = true;
	if (requests & REQUEST_KICK)
		v->kicked = true;
	if (requests & REQUEST_CLOCK)
		vclock_update(v);
}

static void mailbox_serve(struct vcpu *v, uint32_t requests)
{
	assert(v->cpu == cpu_index());
	trace(HV_TRACE_WAKE, v, requests & ~REQUEST_QUEUED, 0);
	if (UNLIKELY(requests & ~(REQUEST_WAKE | REQUEST_ANSWER | REQUEST_QUEUED)))
		mailbox_serve_rare(v, requests);
	if (v->run_state == VCPU_BLOCKED || (v->run_state == VCPU_SLEEPING && run_may_wake(v)))
		sched_ready(v);
}

/* The mailbox is a stack: the oldest request comes last. */
static struct vcpu *mailbox_take(void)
{
	struct vcpu **box = &mailbox[cpu_index()].newest;
	struct vcpu *v = __atomic_exchange_n(box, NULL, __ATOMIC_ACQUIRE);
	struct vcpu *oldest = NULL, *next;

	for (; v; v = next) {
		next = v->wake_next;
		v->wake_next = oldest;
		oldest = v;
	}
	return oldest;
}

void mailbox_drain(void)
{
	struct vcpu **taken = &mailbox[cpu_index()].taken, *v;
	uint32_t requests;

	*taken = mailbox_take();
	while ((v = *taken) != NULL) {
		*taken = v->wake_next;
		requests = __atomic_fetch_and(&v->requests, URGENT, __ATOMIC_ACQ_REL);
		mailbox_serve(v, requests);
	}
}

void mailbox_wait(const struct vcpu *v, uint32_t requests)
{
	unsigned here = cpu_index();

	assert(v->cpu != here && !(requests & ~URGENT));
	/* Acquire: pairs with the release in mailbox_serve_urgent. */
	while (__atomic_load_n(&v->requests, __ATOMIC_ACQUIRE) & requests) {
		struct vcpu *w = __atomic_load_n(&mailbox[here].newest, __ATOMIC_ACQUIRE);

		/* Others only put some before these, and only this CPU takes any out. */
		for (; w; w = w->wake_next)
			mailbox_serve_urgent(w);
		for (w = mailbox[here].taken; w; w = w->wake_next)
			mailbox_serve_urgent(w);
		insn_pause();
	}
}
