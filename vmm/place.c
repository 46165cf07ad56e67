/*
 * Placing vCPUs. A CPU that is named and that the machine lacks counts as none. `taken` are CPUs
 * for which a domain has asked by name, `own` those that run nothing else than one vCPU.
 */
#include "vmm/place.h"

#include <stdbool.h>

#include "lib/bits.h"

static struct {
	const struct config *c;
	unsigned cpus;
	uint64_t taken, own, services;
} plan;

static uint16_t places[CONFIG_DOMAINS][CONFIG_VCPUS];

unsigned place_of(unsigned domain, unsigned vcpu)
{
	return places[domain][vcpu];
}

static bool place_is_service(unsigned domain)
{
	return plan.c->domain[domain].flags & CONFIG_FLAG_SERVICE;
}

static bool place_is_dedicated(unsigned domain)
{
	return plan.c->domain[domain].flags & CONFIG_FLAG_DEDICATED;
}

/* What the config says, else CONFIG_NONE. A service domain has CPU 0. */
static uint16_t place_named(unsigned domain, unsigned vcpu)
{
	const struct config *c = plan.c;
	uint16_t cpu = c->domain[domain].cpu[vcpu];

	for (unsigned i = 0; i < c->slots; i++)
		if (c->slot[i].domain == domain && c->slot[i].vcpu == vcpu)
			cpu = c->slot[i].cpu;
	if (cpu >= plan.cpus)
		cpu = CONFIG_NONE;
	return cpu == CONFIG_NONE && place_is_service(domain) && !place_is_dedicated(domain) ? 0
											     : cpu;
}

static void place_name_all(void)
{
	for (unsigned i = 0; i < plan.c->domains; i++) {
		for (unsigned j = 0; j < plan.c->domain[i].vcpus; j++) {
			places[i][j] = place_named(i, j);
			if (places[i][j] != CONFIG_NONE)
				plan.taken |= BIT(places[i][j]);
		}
	}
}

/* The highest CPU that nobody has named: by turns the lower ones fill first. */
static unsigned place_free(uint64_t taken)
{
	unsigned cpu = plan.cpus;

	while (cpu-- > 0)
		if (!(taken & BIT(cpu)))
			return cpu;
	return CONFIG_NONE;
}

/* A CPU for each vCPU of a domain that wants them for itself, one that is left to the others, or
   none at all. */
static bool place_dedicate(unsigned domain, bool others)
{
	const struct config_domain *d = &plan.c->domain[domain];
	uint64_t taken = plan.taken, own = plan.own;
	uint16_t cpu[CONFIG_VCPUS];

	for (unsigned j = 0; j < d->vcpus; j++) {
		cpu[j] = places[domain][j];
		if (cpu[j] == CONFIG_NONE)
			cpu[j] = place_free(taken);
		if (cpu[j] == CONFIG_NONE)
			return false;
		taken |= BIT(cpu[j]);
		own |= BIT(cpu[j]);
	}
	if (others && own == BIT(plan.cpus) - 1)
		return false;
	for (unsigned j = 0; j < d->vcpus; j++)
		places[domain][j] = cpu[j];
	plan.taken = taken;
	plan.own = own;
	return true;
}

static uint32_t place_dedicate_all(void)
{
	uint32_t shares = 0;
	bool others = false;

	for (unsigned i = 0; i < plan.c->domains; i++)
		others |= !place_is_dedicated(i);
	for (unsigned i = 0; i < plan.c->domains; i++)
		if (place_is_dedicated(i) && !place_dedicate(i, others))
			shares |= 1u << i;
	return shares;
}

/* vCPUs that have their place on a CPU; of one domain, or of all. */
static unsigned place_load(unsigned cpu, unsigned domain)
{
	unsigned load = 0;

	for (unsigned i = 0; i < plan.c->domains; i++)
		for (unsigned j = 0; j < plan.c->domain[i].vcpus; j++)
			load += places[i][j] == cpu && (domain == CONFIG_NONE || domain == i);
	return load;
}

/* How little a CPU suits one more vCPU of a domain: first count the domain's own ones there, then a
   service domain, then all. */
static unsigned place_burden(unsigned cpu, unsigned domain)
{
	return place_load(cpu, domain) << 16 | (plan.services & BIT(cpu) ? 1 << 15 : 0) |
	       place_load(cpu, CONFIG_NONE);
}

/* The CPU that suits best, among those that are nobody's own. */
static unsigned place_spread(unsigned domain)
{
	unsigned best = CONFIG_NONE;

	for (unsigned cpu = 0; cpu < plan.cpus; cpu++)
		if (!(plan.own & BIT(cpu)) &&
		    (best == CONFIG_NONE || place_burden(cpu, domain) < place_burden(best, domain)))
			best = cpu;
	return best == CONFIG_NONE ? 0 : best;
}

static uint64_t place_services(void)
{
	uint64_t cpus = 0;

	for (unsigned i = 0; i < plan.c->domains; i++)
		for (unsigned j = 0; place_is_service(i) && j < plan.c->domain[i].vcpus; j++)
			cpus |= BIT(places[i][j]);
	return cpus;
}

uint32_t place_build(const struct config *c, unsigned cpus)
{
	uint32_t shares;

	plan.c = c;
	plan.cpus = cpus;
	plan.taken = plan.own = 0;
	place_name_all();
	shares = place_dedicate_all();
	plan.services = place_services();
	for (unsigned i = 0; i < c->domains; i++)
		for (unsigned j = 0; j < c->domain[i].vcpus; j++)
			if (places[i][j] == CONFIG_NONE)
				places[i][j] = place_spread(i);
	return shares;
}
