/*
 * Whose time it was: slices, caps, and the budgets of back ends. A guest that has spent its share
 * rests until the period is over; a back end goes on at its clients' priority.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "vmm/ioreq.h"
#include "vmm/sched_cpu.h"

static bool sched_serves(const struct domain *backend, const struct domain *guest)
{
	const struct ioreq_set *s = guest->ioreqs;

	for (unsigned i = 0; s && i < s->links; i++)
		if (s->link[i].backend == backend)
			return true;
	return false;
}

static uint8_t sched_client_priority(const struct domain *backend)
{
	uint32_t priority = 0;

	domain_for_each(d) {
		if (sched_serves(backend, d))
			priority = MAX(priority, d->config->priority);
	}
	return MIN(priority, backend->config->priority);
}

/* v may be in the queue already: woken before it came off. */
static COLD void sched_spend(struct sched_cpu *c, struct vcpu *v)
{
	bool queued = !list_is_empty(&v->queue);

	runq_remove(&c->ready, v);
	v->spent = true;
	if (sched_is_back_end(v))
		v->priority = sched_client_priority(v->domain);
	if (queued)
		sched_queue(c, v, false);
	timer_set(&c->renewal, v->cap.end); /* the same for all */
}

void sched_pay(struct sched_cpu *c, struct vcpu *v, uint64_t used)
{
	sched_cap_charge(&v->cap, used, c->since + used);
	if (v->cap.left <= 0 && !v->spent)
		sched_spend(c, v);
}

/* Ready, or a lender, and in no queue for want of time alone. */
static bool sched_rests(const struct sched_cpu *c, const struct vcpu *v)
{
	return v != c->running && v != c->payer && !sched_is_back_end(v) &&
	       (v->run_state == VCPU_READY || sched_server(v));
}

static void sched_unspend(struct sched_cpu *c, struct vcpu *v, uint64_t now)
{
	bool queued = !list_is_empty(&v->queue);

	sched_cap_renew(&v->cap, now);
	if (v->cap.left <= 0) {
		timer_set(&c->renewal, v->cap.end);
		return;
	}
	runq_remove(&c->ready, v);
	v->spent = false;
	v->priority = v->domain->config->priority;
	if (!queued && !sched_rests(c, v))
		return;
	v->slice_left = 0; /* a new turn: what the cap cut off may have been its last microsecond */
	sched_queue(c, v, true);
}

void sched_renew(struct timer *t)
{
	struct sched_cpu *c = CONTAINER_OF(t, struct sched_cpu, renewal);
	uint64_t now = tsc_read();

	domain_for_each(d) {
		for (unsigned i = 0; i < d->vcpus; i++)
			if (d->vcpu[i]->spent && d->vcpu[i]->cpu == cpu_index())
				sched_unspend(c, d->vcpu[i], now);
	}
	sched_again(c);
}
