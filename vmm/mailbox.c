/*
 * Mailboxes: a stack of vCPUs for each physical CPU, linked by wake_next, pushed with
 * compare-exchange by anybody and taken whole by its CPU. REQUEST_QUEUED says that a vCPU lies in
 * one.
 */
#include "vmm/mailbox.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/lapic.h"
#include "lib/bits.h"
#include "vmm/backend.h"
#include "vmm/lifecycle.h"
#include "vmm/run.h"
#include "vmm/sched.h"
#include "vmm/trace.h"

static struct {
	struct vcpu *newest;
} ALIGNED(64) mailbox[MAX_CPUS];

void vcpu_request(struct vcpu *v, uint32_t requests)
{
	struct vcpu **box = &mailbox[v->cpu].newest;
	/* Pairs with the exchange in mailbox_drain: what was set before is seen with the bits. */
	uint32_t old = __atomic_fetch_or(&v->requests, requests | REQUEST_QUEUED, __ATOMIC_ACQ_REL);

	if (old & REQUEST_QUEUED)
		return;
	v->wake_next = __atomic_load_n(box, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(box, &v->wake_next, v, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	if (v->cpu == cpu_index())
		sched_attend();
	else
		lapic_ipi(cpu_by_index(v->cpu)->apic_id, IRQ_VECTOR_IPI);
}

static void mailbox_serve(struct vcpu *v, uint32_t requests)
{
	trace(HV_TRACE_WAKE, v, requests & ~REQUEST_QUEUED, 0);
	if (requests & REQUEST_ORDER)
		lifecycle_orders(v->domain);
	if (requests & REQUEST_FLUSH)
		backend->flush(v);
	if (requests & REQUEST_NMI)
		v->nmi_pending = true;
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
	struct vcpu *v = mailbox_take(), *next;

	for (; v; v = next) {
		next = v->wake_next;
		mailbox_serve(v, __atomic_exchange_n(&v->requests, 0, __ATOMIC_ACQ_REL));
	}
}
