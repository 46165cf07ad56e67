/*
 * Lenders: vCPUs that wait for a back end of their own CPU. What they need beyond the dispatcher's
 * own turns.
 */
#include "arch/x86/cpu/cpu.h"
#include "vmm/ioreq.h"
#include "vmm/sched_cpu.h"

struct vcpu *sched_server_of(const struct vcpu *v)
{
	struct vcpu *s = v->domain->ioreqs->link[v->io.link].backend->vcpu[0];

	return s && s->cpu == v->cpu && !s->slotted ? s : NULL;
}

COLD void sched_rejoin(struct sched_cpu *c)
{
	c->stranded = false;
	domain_for_each(d) {
		for (unsigned i = 0; i < d->vcpus; i++) {
			struct vcpu *v = d->vcpu[i];

			if (v->cpu == cpu_index() && v != c->payer && sched_server(v) &&
			    list_is_empty(&v->queue))
				sched_queue(c, v, false);
		}
	}
}
