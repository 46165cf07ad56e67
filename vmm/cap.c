/*
 * Capability tables: what follows from each domain's config, in the order in which the boot page
 * lists it. Domains of other kinds than our own cannot name a handle and have no table.
 */
#include "vmm/cap.h"

#include "abi/boot.h"
#include "abi/event.h"
#include "lib/assert.h"
#include "vmm/device.h"
#include "vmm/service.h"

#define CAP_GENERATION  1u
#define CAP_TABLE_PAGES (page_up(sizeof(struct cap_table)) / PAGE_SIZE)

static struct hv_cap *cap_add(struct domain *d, enum hv_cap_type type, unsigned rights,
			      uint32_t object)
{
	struct cap_table *t = d->caps;
	struct hv_cap *c = &t->cap[t->count];

	if (t->count == DOMAIN_CAPS)
		panic("%s: more than %u capabilities: raise DOMAIN_CAPS", d->name, DOMAIN_CAPS);
	*c = (struct hv_cap){
		.handle = CAP_GENERATION << 16 | t->count,
		.type = type,
		.rights = rights,
		.object = object,
		.event = HV_EVENT_NONE,
	};
	t->count++;
	return c;
}

static struct hv_cap *cap_add_with_event(struct domain *d, enum hv_cap_type type, unsigned rights,
					 uint32_t object)
{
	struct hv_cap *c = cap_add(d, type, rights, object);

	assert(d->caps->next_event < HV_EVENTS);
	c->event = d->caps->next_event++;
	return c;
}

/* What of `guest` `server` backs, by the config: bits of enum hv_served_kind. */
static uint32_t cap_serves(const struct domain *server, const struct domain *guest)
{
	uint32_t kinds = 0;

	for (unsigned i = 0; i < guest->config->served; i++)
		if (guest->config->serve[i].backend == server->id)
			kinds |= 1u << guest->config->serve[i].kind;
	return kinds;
}

/* Its own console, and a signal to itself. */
static void caps_own(struct domain *d)
{
	cap_add_with_event(d, HV_CAP_CONSOLE, HV_RIGHT_READ | HV_RIGHT_WRITE, d->id);
	cap_add(d, HV_CAP_EVENT, HV_RIGHT_USE, d->id)->detail = d->caps->next_event++;
}

/* What a back end needs of one guest. */
static void caps_serve(struct domain *d, const struct domain *guest)
{
	cap_add_with_event(d, HV_CAP_IOREQ, HV_RIGHT_USE, guest->id)->detail = guest->config->vcpus;
	cap_add(d, HV_CAP_INTERRUPT, HV_RIGHT_USE, guest->id);
	cap_add(d, HV_CAP_WINDOW, HV_RIGHT_READ | HV_RIGHT_WRITE, guest->id);
}

static void caps_devices(struct domain *d)
{
	for (unsigned i = 0; i < device_count(); i++)
		if (device_get(i)->owner == d)
			cap_add(d, HV_CAP_DEVICE, HV_RIGHT_USE, i);
}

static unsigned cap_domain_rights(const struct domain *d, const struct domain *other)
{
	uint32_t rights = d->config->rights;
	unsigned r = 0;

	if (rights & CONFIG_RIGHT_INSPECT || cap_serves(d, other))
		r |= HV_RIGHT_READ;
	if (rights & CONFIG_RIGHT_CONTROL)
		r |= HV_RIGHT_READ | HV_RIGHT_CONTROL;
	if (cap_serves(d, other) & 1u << HV_SERVED_WATCHDOG)
		r |= HV_RIGHT_USE;
	return r;
}

static void caps_others(struct domain *d)
{
	domain_for_each(other) {
		unsigned rights = cap_domain_rights(d, other);

		if (other != d && other->vcpus && cap_serves(d, other))
			caps_serve(d, other);
		if (rights)
			cap_add(d, HV_CAP_DOMAIN, rights, other->id);
		if (other != d && d->config->rights & CONFIG_RIGHT_CONSOLE)
			cap_add_with_event(d, HV_CAP_CONSOLE, HV_RIGHT_READ | HV_RIGHT_WRITE,
					   other->id);
	}
}

static void caps_host(struct domain *d)
{
	if (d->config->rights & CONFIG_RIGHT_CONSOLE) {
		cap_add_with_event(d, HV_CAP_CONSOLE, HV_RIGHT_READ | HV_RIGHT_WRITE,
				   HV_CONSOLE_HOST);
		cap_add_with_event(d, HV_CAP_LOG, HV_RIGHT_READ, 0);
		cap_add_with_event(d, HV_CAP_CONSOLE, HV_RIGHT_READ | HV_RIGHT_WRITE,
				   HV_CONSOLE_CONTROL);
	}
	if (d->config->rights & CONFIG_RIGHT_POWER)
		cap_add(d, HV_CAP_SYSTEM, HV_RIGHT_USE, 0);
	if (d->config->rights & CONFIG_RIGHT_INSPECT)
		cap_add(d, HV_CAP_TRACE, HV_RIGHT_READ | HV_RIGHT_USE, 0);
}

void caps_build(void)
{
	domain_for_each(d) {
		if (!d->vcpus || d->config->protocol != CONFIG_NATIVE)
			continue;
		d->caps = service_pages(d, CAP_TABLE_PAGES);
		d->caps->next_event = HV_EVENT_FIRST;
		caps_own(d);
		caps_host(d);
		caps_devices(d);
		caps_others(d);
	}
}

enum err cap_lookup(const struct domain *d, uint64_t handle, enum hv_cap_type type, unsigned rights,
		    const struct hv_cap **cap)
{
	unsigned index = handle & 0xffff;
	const struct hv_cap *c;

	*cap = NULL;
	if (!d->caps || index >= d->caps->count)
		return ERR_BADCAP;
	c = &d->caps->cap[index];
	if (c->handle != handle || c->type != type)
		return ERR_BADCAP;
	if (rights & ~(unsigned)c->rights)
		return ERR_PERM;
	*cap = c;
	return OK;
}

struct domain *cap_domain(const struct vcpu *v, uint64_t handle, enum hv_cap_type type,
			  unsigned rights, int64_t *result)
{
	const struct hv_cap *cap;

	*result = cap_lookup(v->domain, handle, type, rights, &cap);
	return *result == OK ? domain_get(cap->object) : NULL;
}

const struct hv_cap *cap_find(const struct domain *d, enum hv_cap_type type, uint32_t object)
{
	for (unsigned i = 0; d->caps && i < d->caps->count; i++)
		if (d->caps->cap[i].type == type && d->caps->cap[i].object == object)
			return &d->caps->cap[i];
	return NULL;
}
