/*
 * The part of the configuration's validator that knows who runs where and when: that nobody else is
 * on a CPU that a domain wants for itself, and that the cyclic table can be kept.
 */
#include "vmm/config_check.h"

#include "lib/addr.h"
#include "lib/bits.h"

#define CPU_MAX      255u
#define SLOT_MIN_US  100u
#define FRAME_MIN_US 1000u
#define FRAME_MAX_US 10000000u

enum err config_check_schedule(struct check *k)
{
	const struct config_domain *d = k->d;

	if (d->vcpus < 1 || d->vcpus > CONFIG_VCPUS)
		return config_bad(k, "vcpus", "%u; 1 to %u", d->vcpus, CONFIG_VCPUS);
	if (config_is_service(d) && d->vcpus != 1)
		return config_bad(k, "vcpus", "%u; a service domain has 1", d->vcpus);
	if (d->priority > 7)
		return config_bad(k, "priority", "%u; 0 (last) to 7 (first)", d->priority);
	if (d->quantum_us < 100 || d->quantum_us > 1000000)
		return config_bad(k, "quantum", "%u us; 100us to 1s", d->quantum_us);
	if (d->cap_percent > 100)
		return config_bad(k, "cap", "%u; 1%% to 100%%, or 0 for none", d->cap_percent);
	for (unsigned i = 0; i < d->vcpus; i++)
		if (d->cpu[i] != CONFIG_NONE && d->cpu[i] > CPU_MAX)
			return config_bad(k, "cpu", "%u; 0 to %u", d->cpu[i], CPU_MAX);
	return OK;
}

/* The CPU that a vCPU has whatever the machine; CONFIG_NONE: not settled here. */
static uint16_t named_cpu(const struct config_domain *d, unsigned vcpu)
{
	bool first = config_is_service(d) && !(d->flags & CONFIG_FLAG_DEDICATED);

	return d->cpu[vcpu] == CONFIG_NONE && first ? 0 : d->cpu[vcpu];
}

/* A dedicated vCPU's CPU against all others'. */
static enum err check_own(struct check *k, unsigned vcpu)
{
	const struct config_domain *d = k->d;
	uint16_t cpu = named_cpu(d, vcpu);

	for (unsigned i = 0; cpu != CONFIG_NONE && i < k->c->domains; i++) {
		const struct config_domain *o = &k->c->domain[i];

		for (unsigned j = 0; j < o->vcpus; j++)
			if (named_cpu(o, j) == cpu && (o != d || j != vcpu))
				return config_bad(k, "dedicated",
						  "CPU %u is vCPU %u's of %s, too; another cpu "
						  "for one of them",
						  cpu, j, o->name);
	}
	return OK;
}

static enum err check_dedicated(struct check *k)
{
	enum err e = OK;

	for (unsigned i = 0; i < k->c->domains && e == OK; i++) {
		k->d = &k->c->domain[i];
		if (!(k->d->flags & CONFIG_FLAG_DEDICATED))
			continue;
		for (unsigned j = 0; j < k->d->vcpus && e == OK; j++)
			e = check_own(k, j);
	}
	k->d = NULL;
	return e;
}

/* A slot against those before it. */
static enum err check_order(struct check *k, const struct config_slot *s)
{
	for (const struct config_slot *o = k->c->slot; o < s; o++) {
		unsigned number = o - k->c->slot, end = o->start_us + o->length_us;

		if (o->cpu == s->cpu && end > s->start_us)
			return config_bad(k, "start",
					  "%u us is before slot %u ends, %u us; in order and "
					  "without overlap on a CPU",
					  s->start_us, number, end);
		if (o->domain == s->domain && o->vcpu == s->vcpu && o->cpu != s->cpu)
			return config_bad(k, "cpu", "%u; slot %u puts the same vCPU on CPU %u",
					  s->cpu, number, o->cpu);
	}
	return OK;
}

static enum err check_dedicated_cpu(struct check *k, uint16_t cpu)
{
	for (unsigned i = 0; i < k->c->domains; i++) {
		const struct config_domain *d = &k->c->domain[i];

		for (unsigned j = 0; d->flags & CONFIG_FLAG_DEDICATED && j < d->vcpus; j++)
			if (d->cpu[j] == cpu)
				return config_bad(k, "cpu", "%u is dedicated to %s", cpu, d->name);
	}
	return OK;
}

static enum err check_slot_owner(struct check *k, const struct config_slot *s)
{
	const struct config_domain *d = &k->c->domain[s->domain];

	if (s->domain >= k->c->domains)
		return config_bad(k, "domain", "number %u of %u", s->domain, k->c->domains);
	if (s->vcpu >= d->vcpus)
		return config_bad(k, "vcpu", "%u; %s has 0 to %u", s->vcpu, d->name, d->vcpus - 1);
	if (s->cpu > CPU_MAX)
		return config_bad(k, "cpu", "%u; 0 to %u", s->cpu, CPU_MAX);
	if (d->cpu[s->vcpu] != CONFIG_NONE && d->cpu[s->vcpu] != s->cpu)
		return config_bad(k, "cpu", "%u; domain %s says that its vCPU %u is on CPU %u",
				  s->cpu, d->name, s->vcpu, d->cpu[s->vcpu]);
	if (d->flags & CONFIG_FLAG_DEDICATED || d->cap_percent)
		return config_bad(k, "domain", "%s is %s; its slots alone say when it runs",
				  d->name, d->cap_percent ? "capped" : "dedicated");
	return check_dedicated_cpu(k, s->cpu);
}

static enum err check_slot(struct check *k, const struct config_slot *s)
{
	enum err e = check_slot_owner(k, s);

	if (e != OK)
		return e;
	if (s->length_us < SLOT_MIN_US)
		return config_bad(k, "length", "%u us; at least %u us", s->length_us, SLOT_MIN_US);
	if (!range_within(s->start_us, s->length_us, k->c->frame_us))
		return config_bad(k, "length", "the slot ends beyond the frame, %u us",
				  k->c->frame_us);
	return check_order(k, s);
}

static enum err check_table(struct check *k)
{
	const struct config *c = k->c;
	enum err e = OK;

	if (!c->slots && !c->frame_us)
		return OK;
	if (c->slots < 1 || c->slots > CONFIG_SLOTS)
		return config_bad(k, "schedule.slots", "%u; 1 to %u", c->slots, CONFIG_SLOTS);
	if (c->frame_us < FRAME_MIN_US || c->frame_us > FRAME_MAX_US)
		return config_bad(k, "schedule.frame", "%u us; 1ms to 10s", c->frame_us);
	k->list = "schedule.slots";
	for (k->index = 0; k->index < c->slots && e == OK; k->index++) {
		e = check_slot(k, &c->slot[k->index]);
		if (e != OK)
			break;
	}
	k->list = NULL;
	return e;
}

enum err config_check_cpus(struct check *k)
{
	enum err e = check_dedicated(k);

	return e == OK ? check_table(k) : e;
}
