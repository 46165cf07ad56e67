/*
 * The lists of a boot page that are not memory: capabilities, devices, what is served, peers.
 */
#include "vmm/bootpage_lists.h"

#include "abi/boot.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "vmm/cap.h"
#include "vmm/device.h"
#include "vmm/vpci.h"

void bootpage_caps(struct domain *d)
{
	static_assert(DOMAIN_CAPS <= HV_BOOT_CAPS, "every capability is listed");
	d->boot->caps = d->caps->count;
	memcpy(d->boot->cap, d->caps->cap, d->caps->count * sizeof(d->caps->cap[0]));
}

void bootpage_devices(struct domain *d)
{
	static_assert(CONFIG_DEVICES <= HV_BOOT_DEVICES, "every device is listed");
	for (unsigned i = 0; i < device_count(); i++) {
		const struct device *v = device_get(i);
		struct hv_device *b = &d->boot->device[d->boot->devices];

		if (v->owner != d)
			continue;
		d->boot->devices++;
		b->cap = cap_find(d, HV_CAP_DEVICE, i)->handle;
		b->vendor = v->pci->vendor;
		b->device = v->pci->device;
		b->class_code = v->pci->class_code;
		b->slot = v->pci->bdf;
		b->interrupts = v->interrupts;
		for (unsigned bar = 0; bar < PCI_BARS; bar++) {
			b->bar_bytes[bar] = v->pci->bar[bar].bytes;
			b->bar_ports |= (uint32_t)v->pci->bar[bar].is_io << bar;
		}
	}
}

/* The place of a config's device in the boot page's list, which leaves out what is missing. */
static uint32_t bootpage_device_index(const struct domain *d, unsigned config_index)
{
	uint32_t index = 0;

	for (unsigned i = 0; i < config_index; i++)
		index += device_of(d, i) != NULL;
	return index;
}

static_assert(HV_NO_MODULE == CONFIG_NONE, "the config's number is handed on");

static void bootpage_source(const struct domain *d, const struct config_served *c,
			    struct hv_served *s)
{
	s->source_kind = c->source_kind;
	s->source = c->source;
	s->offset = c->offset;
	s->bytes = c->bytes;
	s->unit = c->unit;
	s->fallback = c->fallback;
	if (c->source_kind != HV_SOURCE_DEVICE)
		return;
	if (device_of(d, c->source)) {
		s->source = bootpage_device_index(d, c->source);
		return;
	}
	s->source_kind = c->fallback == CONFIG_NONE ? HV_SOURCE_NONE : HV_SOURCE_MODULE;
	s->source = c->fallback;
	s->unit = 0;
	s->offset = s->bytes = 0;
}

static void bootpage_serve(struct domain *d, const struct domain *guest, unsigned index)
{
	const struct config_served *c = &guest->config->serve[index];
	struct hv_boot *b = d->boot;
	struct hv_served *s = &b->serve[b->served];

	if (b->served == HV_BOOT_SERVED)
		panic("%s: serves more than %u devices: raise HV_BOOT_SERVED", d->name,
		      HV_BOOT_SERVED);
	b->served++;
	s->guest = guest->id;
	s->kind = c->kind;
	s->function = c->kind == HV_SERVED_PC ? 0 : vpci_function(index);
	s->flags = c->flags;
	s->rate_bytes = c->rate_bytes;
	s->rate_requests = c->rate_requests;
	s->cid = c->cid;
	memcpy(s->mac, c->mac, sizeof(s->mac));
	bootpage_source(d, c, s);
	str_copy(s->serial, c->serial, sizeof(s->serial));
}

void bootpage_served(struct domain *d)
{
	for (unsigned i = 0; i < domain_count(); i++) {
		const struct domain *guest = domain_get(i);

		for (unsigned j = 0; j < guest->config->served; j++)
			if (guest->vcpus && guest->config->serve[j].backend == d->id)
				bootpage_serve(d, guest, j);
	}
}

void bootpage_bridges(struct domain *d)
{
	static_assert(CONFIG_BRIDGES <= HV_BOOT_BRIDGES, "every bridge is listed");
	static_assert(HV_NO_DEVICE == CONFIG_NONE, "the config's number is handed on");
	for (unsigned i = 0; i < d->config->bridges; i++) {
		const struct config_bridge *c = &d->config->bridge[i];
		struct hv_bridge *b = &d->boot->bridge[i];

		str_copy(b->name, c->name, sizeof(b->name));
		b->device = device_of(d, c->device) ? bootpage_device_index(d, c->device)
						    : HV_NO_DEVICE;
	}
	d->boot->bridges = d->config->bridges;
}

/* Domains that a capability names. */
static bool bootpage_knows(const struct domain *d, const struct domain *other)
{
	return other != d &&
	       (cap_find(d, HV_CAP_DOMAIN, other->id) || cap_find(d, HV_CAP_IOREQ, other->id) ||
		cap_find(d, HV_CAP_CONSOLE, other->id));
}

void bootpage_peers(struct domain *d)
{
	static_assert(CONFIG_DOMAINS <= HV_BOOT_PEERS, "every domain can be a peer");
	for (unsigned i = 0; i < domain_count(); i++) {
		const struct domain *other = domain_get(i);
		struct hv_peer *p = &d->boot->peer[d->boot->peers];

		if (!bootpage_knows(d, other))
			continue;
		d->boot->peers++;
		p->domain = i;
		p->flags = other->config->flags & CONFIG_FLAG_SERVICE ? HV_PEER_SERVICE : 0;
		p->state = other->state;
		p->incarnation = other->incarnation;
		str_copy(p->name, other->name, sizeof(p->name));
	}
}
