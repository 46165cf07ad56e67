/*
 * Filling boot pages. What the config and the machine fixed is written once; incarnation and peers
 * change. A list that is too short for a config is a panic at boot that names its limit.
 */
#include "vmm/bootpage.h"

#include "abi/boot.h"
#include "abi/hypercall.h"
#include "abi/platform.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/hvmap.h"
#include "vmm/cap.h"
#include "vmm/device.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/service.h"
#include "vmm/vlapic.h"
#include "vmm/vpci.h"

static_assert(sizeof(struct hv_boot) <= HV_BOOT_BYTES, "the boot page is as long as the ABI says");

static bool bootpage_is_service(const struct domain *d)
{
	return d->config->flags & CONFIG_FLAG_SERVICE;
}

/* Lets the domain see pages of the hypervisor; *next is where the next ones go in a domain whose
   addresses are not the machine's. Returns the guest-physical address. */
static uint64_t bootpage_share(struct domain *d, const void *pages, uint64_t bytes, unsigned attrs,
			       uint64_t *next)
{
	hpa_t frame = hv_hpa(pages);
	uint64_t at = bootpage_is_service(d) ? frame.v : *next;

	*next += bytes;
	service_reserve(d, ptab_pages_for(d->nested.format, bytes));
	if (ptab_map(&d->nested, at, frame, bytes, attrs) != OK)
		panic("%s: no table page for the pages it shares with the hypervisor", d->name);
	return at;
}

static struct hv_region *bootpage_region(struct domain *d, enum hv_region_kind kind,
					 uint32_t object)
{
	struct hv_boot *b = d->boot;
	struct hv_region *r = &b->region[b->regions];

	if (b->regions == HV_BOOT_REGIONS)
		panic("%s: more than %u regions: raise HV_BOOT_REGIONS", d->name, HV_BOOT_REGIONS);
	b->regions++;
	r->kind = kind;
	r->object = object;
	return r;
}

static void bootpage_memory(struct domain *d)
{
	static const uint8_t kinds[] = {
		[EXTENT_RAM] = HV_REGION_IMAGE,
		[EXTENT_DMA] = HV_REGION_DMA,
		[EXTENT_KEPT] = HV_REGION_KEPT,
		[EXTENT_MODULE] = HV_REGION_MODULE,
	};

	for (unsigned i = 0; i < d->extents; i++) {
		const struct extent *x = &d->extent[i];
		struct hv_region *r = bootpage_region(d, kinds[x->kind], x->module);

		r->base = r->peer = x->gpa.v;
		r->bytes = x->bytes;
		r->rights = HV_WINDOW_WRITE;
	}
	d->boot->ram = d->extent[0].gpa.v;
	d->boot->memory = d->extent[0].bytes;
}

static void bootpage_shared(struct domain *d, uint64_t next)
{
	unsigned attrs = PTAB_READ | PTAB_WRITE;

	for (unsigned i = 0; i < d->vcpus; i++) {
		struct hv_region *r = bootpage_region(d, HV_REGION_EVENT, i);

		r->base = bootpage_share(d, d->vcpu[i]->events, PAGE_SIZE, attrs, &next);
		r->bytes = PAGE_SIZE;
	}
	for (unsigned i = 0; i < domain_count(); i++) {
		unsigned link = ioreq_link_of(domain_get(i), d);
		struct hv_region *r;

		if (link == IOREQ_NO_LINK)
			continue;
		r = bootpage_region(d, HV_REGION_IOREQ, i);
		r->base = bootpage_share(d, domain_get(i)->ioreqs->link[link].page, PAGE_SIZE,
					 attrs, &next);
		r->bytes = PAGE_SIZE;
	}
}

static void bootpage_windows(struct domain *d)
{
	for (unsigned i = 0; i < domain_count(); i++) {
		const struct domain *guest = domain_get(i);

		for (unsigned j = 0; cap_find(d, HV_CAP_WINDOW, i) && j < guest->extents; j++) {
			const struct extent *x = &guest->extent[j];
			struct hv_region *r;

			if (x->kind != EXTENT_RAM)
				continue;
			r = bootpage_region(d, HV_REGION_WINDOW, i);
			r->base = x->hpa.v;
			r->bytes = x->bytes;
			r->peer = x->gpa.v;
			r->rights = HV_WINDOW_WRITE;
		}
	}
}

static void bootpage_caps(struct domain *d)
{
	static_assert(DOMAIN_CAPS <= HV_BOOT_CAPS, "every capability is listed");
	d->boot->caps = d->caps->count;
	memcpy(d->boot->cap, d->caps->cap, d->caps->count * sizeof(d->caps->cap[0]));
}

static void bootpage_devices(struct domain *d)
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
		for (unsigned bar = 0; bar < PCI_BARS; bar++)
			b->bar_bytes[bar] = v->pci->bar[bar].is_io ? 0 : v->pci->bar[bar].bytes;
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

static void bootpage_source(const struct domain *d, const struct config_served *c,
			    struct hv_served *s)
{
	s->source_kind = c->source_kind;
	s->source = c->source;
	s->offset = c->offset;
	s->bytes = c->bytes;
	if (c->source_kind != HV_SOURCE_DEVICE)
		return;
	if (device_of(d, c->source)) {
		s->source = bootpage_device_index(d, c->source);
		return;
	}
	s->source_kind = c->fallback == CONFIG_NONE ? HV_SOURCE_NONE : HV_SOURCE_MODULE;
	s->source = c->fallback;
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
	s->function = vpci_function(index);
	s->flags = c->flags;
	bootpage_source(d, c, s);
	str_copy(s->serial, c->serial, sizeof(s->serial));
}

static void bootpage_served(struct domain *d)
{
	for (unsigned i = 0; i < domain_count(); i++) {
		const struct domain *guest = domain_get(i);

		for (unsigned j = 0; j < guest->config->served; j++)
			if (guest->vcpus && guest->config->serve[j].backend == d->id)
				bootpage_serve(d, guest, j);
	}
}

/* Domains that a capability names. */
static bool bootpage_knows(const struct domain *d, const struct domain *other)
{
	return other != d &&
	       (cap_find(d, HV_CAP_DOMAIN, other->id) || cap_find(d, HV_CAP_IOREQ, other->id) ||
		cap_find(d, HV_CAP_CONSOLE, other->id));
}

static void bootpage_peers(struct domain *d)
{
	static_assert(CONFIG_DOMAINS <= HV_BOOT_PEERS, "every domain can be a peer");
	for (unsigned i = 0; i < domain_count(); i++) {
		const struct domain *other = domain_get(i);
		struct hv_peer *p = &d->boot->peer[d->boot->peers];

		if (!bootpage_knows(d, other))
			continue;
		d->boot->peers++;
		p->domain = i;
		p->state = other->state;
		p->incarnation = other->incarnation;
		str_copy(p->name, other->name, sizeof(p->name));
	}
}

void bootpage_build(struct domain *d)
{
	uint64_t next = HV_GUEST_SHARED;
	struct hv_boot *b;

	if (!d->vcpus || d->config->protocol != CONFIG_NATIVE)
		return;
	b = service_pages(d, HV_BOOT_BYTES / PAGE_SIZE);
	d->boot = b;
	d->boot_gpa = bootpage_share(d, b, HV_BOOT_BYTES, PTAB_READ, &next);
	b->magic = HV_BOOT_MAGIC;
	b->abi_version = HV_ABI_VERSION;
	b->bytes = sizeof(*b);
	str_copy(b->name, d->name, sizeof(b->name));
	str_copy(b->cmdline, d->config->cmdline, sizeof(b->cmdline));
	b->domain = d->id;
	b->tsc_khz = tsc_khz();
	b->apic_khz = VLAPIC_KHZ;
	b->vcpus = d->vcpus;
	bootpage_memory(d);
	bootpage_shared(d, next);
	bootpage_windows(d);
	bootpage_caps(d);
	bootpage_devices(d);
	bootpage_served(d);
	bootpage_peers(d);
}

void bootpage_restart(struct domain *d)
{
	if (d->boot)
		d->boot->incarnation = d->incarnation;
}

void bootpage_peer_changed(struct domain *changed)
{
	for (unsigned i = 0; i < domain_count(); i++) {
		struct hv_boot *b = domain_get(i)->boot;

		for (unsigned j = 0; b && j < b->peers; j++) {
			struct hv_peer *p = &b->peer[j];

			if (p->domain != changed->id)
				continue;
			/* Release: who sees the new state sees the incarnation. */
			__atomic_store_n(&p->incarnation, changed->incarnation, __ATOMIC_RELAXED);
			__atomic_store_n(&p->state, changed->state, __ATOMIC_RELEASE);
			event_set(domain_get(i), HV_EVENT_GONE);
		}
	}
}
