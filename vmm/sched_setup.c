/*
 * The scheduler at boot: queues and timers of each CPU, and what the config says about CPUs,
 * priorities, caps and slots. What this machine cannot do is one line in the log each.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/log.h"
#include "vmm/place.h"
#include "vmm/sched.h"
#include "vmm/sched_cpu.h"

#define BUDGET_PERCENT 50 /* of a back end whose config names none */

static struct sched_slot slots[CONFIG_SLOTS];

static uint64_t ticks(uint32_t us)
{
	return tsc_from_ns(us * 1000ull);
}

void sched_init(void)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		struct sched_cpu *c = sched_cpu_of(i);

		runq_init(&c->ready);
		timer_init(&c->quantum, sched_quantum_over);
		timer_init(&c->renewal, sched_renew);
		timer_init(&c->turn, sched_turn);
	}
	irq_set_handler(IRQ_VECTOR_TIMER, sched_tick, NULL);
	irq_set_handler(IRQ_VECTOR_IPI, sched_mail, NULL);
}

void sched_plan(const struct config *c)
{
	uint32_t shares = place_build(c, cpu_count());

	for (unsigned i = 0; i < c->domains; i++)
		if (shares & 1u << i)
			log_warn("%s: dedicated: %u CPUs are too few; it shares them",
				 c->domain[i].name, cpu_count());
}

void sched_vcpu_init(struct vcpu *v)
{
	const struct config_domain *d = v->domain->config;
	uint32_t percent = d->cap_percent;

	if (!percent && d->flags & CONFIG_FLAG_SERVICE)
		percent = BUDGET_PERCENT;
	v->priority = d->priority;
	v->quantum = ticks(d->quantum_us);
	sched_cap_init(&v->cap, percent, ticks(CONFIG_PERIOD_US));
	list_init(&v->queue);
}

/* The vCPU of a slot, NULL if the machine has not what it needs. */
static struct vcpu *sched_slot_vcpu(const struct config_slot *s)
{
	const struct domain *d = domain_get(s->domain);

	if (s->vcpu >= d->vcpus)
		return NULL;
	if (d->vcpu[s->vcpu]->cpu == s->cpu)
		return d->vcpu[s->vcpu];
	log_warn("%s: its slots on CPU %u do not count: there are %u CPUs", d->name, s->cpu,
		 cpu_count());
	return NULL;
}

static void sched_slot_add(const struct config *c, unsigned number, uint64_t begin)
{
	static unsigned used;
	const struct config_slot *s = &c->slot[number];
	struct vcpu *v = sched_slot_vcpu(s);
	struct sched_table *t;

	if (!v)
		return;
	t = &sched_cpu_of(s->cpu)->table;
	if (!t->slots)
		*t = (struct sched_table){ &slots[used], 0, ticks(c->frame_us), begin };
	t->slots++;
	slots[used++] = (struct sched_slot){ ticks(s->start_us), ticks(s->start_us + s->length_us),
					     v, number };
	v->slotted = true;
}

void sched_table_build(const struct config *c)
{
	uint64_t begin = tsc_read();

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
		for (unsigned i = 0; i < c->slots; i++)
			if (c->slot[i].cpu == cpu)
				sched_slot_add(c, i, begin);
}
