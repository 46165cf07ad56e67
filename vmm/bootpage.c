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
#include "vmm/bootpage_lists.h"
#include "vmm/cap.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/service.h"
#include "vmm/vlapic.h"

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
	domain_for_each(guest) {
		unsigned link = ioreq_link_of(guest, d);
		struct hv_region *r;

		if (link == IOREQ_NO_LINK)
			continue;
		r = bootpage_region(d, HV_REGION_IOREQ, guest->id);
		r->base =
			bootpage_share(d, guest->ioreqs->link[link].page, PAGE_SIZE, attrs, &next);
		r->bytes = PAGE_SIZE;
	}
}

static void bootpage_windows(struct domain *d)
{
	domain_for_each(guest) {
		bool sees = cap_find(d, HV_CAP_WINDOW, guest->id);

		for (unsigned i = 0; sees && i < guest->extents; i++) {
			const struct extent *x = &guest->extent[i];
			struct hv_region *r;

			if (x->kind != EXTENT_RAM)
				continue;
			r = bootpage_region(d, HV_REGION_WINDOW, guest->id);
			r->base = x->hpa.v;
			r->bytes = x->bytes;
			r->peer = x->gpa.v;
			r->rights = HV_WINDOW_WRITE;
		}
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
	bootpage_bridges(d);
	bootpage_peers(d);
}

void bootpage_restart(struct domain *d)
{
	if (d->boot)
		d->boot->incarnation = d->incarnation;
}

void bootpage_peer_changed(struct domain *changed)
{
	domain_for_each(d) {
		for (unsigned i = 0; d->boot && i < d->boot->peers; i++) {
			struct hv_peer *p = &d->boot->peer[i];

			if (p->domain != changed->id)
				continue;
			/* Release: who sees the new state sees the incarnation. */
			__atomic_store_n(&p->incarnation, changed->incarnation, __ATOMIC_RELAXED);
			__atomic_store_n(&p->state, changed->state, __ATOMIC_RELEASE);
			event_set(d, HV_EVENT_GONE);
		}
	}
}
