/*
 * The order of things at boot, at a death and at a start.
 */
#include "vmm/service.h"

#include "mm/frames.h"
#include "vmm/bootpage.h"
#include "vmm/cap.h"
#include "vmm/console.h"
#include "vmm/control.h"
#include "vmm/device.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/vpc.h"
#include "vmm/vpci.h"
#include "vmm/window.h"

void *service_pages(struct domain *d, size_t pages)
{
	d->overhead += pages * PAGE_SIZE;
	return frames_hv(pages);
}

void service_reserve(struct domain *d, size_t table_pages)
{
	if (table_pages)
		pool_add(&d->pool, service_pages(d, table_pages), table_pages);
}

enum err service_build(void)
{
	enum err e = devices_build(); /* capabilities name devices */

	for (unsigned i = 0; i < domain_count(); i++)
		if (domain_get(i)->vcpus && domain_get(i)->config->protocol == CONFIG_NATIVE)
			event_build(domain_get(i));
	caps_build();
	ioreq_build();   /* finds back ends by their capabilities */
	vpci_build();    /* finds back ends among the ioreq links */
	vpc_build();     /* likewise */
	windows_build(); /* likewise by capability */
	for (unsigned i = 0; i < domain_count(); i++)
		bootpage_build(domain_get(i)); /* lists all of the above */
	console_build();
	control_build();
	return e;
}

static bool service_comes_back(const struct domain *d)
{
	return d->state == HV_STATE_RUNNING || d->state == HV_STATE_PAUSED || d->wants_start;
}

/* Its back ends hold its memory until each has said that its controllers are quiet. What it holds
   itself goes on being held if it will be back: its controllers may finish a transfer although
   they start no other, and its next instance, which resets them, lets go. */
static void service_holders(struct domain *d)
{
	for (unsigned i = 0; i < d->config->served; i++) {
		unsigned holder = d->config->serve[i].backend;

		if (!service_comes_back(domain_get(holder)))
			continue;
		__atomic_fetch_or(&d->holders, 1u << holder, __ATOMIC_SEQ_CST);
		/* It may be dying on its own CPU: its state changes before it lets go of all. */
		if (!service_comes_back(domain_get(holder)))
			domain_released(d, holder);
	}
	for (unsigned i = 0; i < domain_count() && !d->wants_start; i++)
		domain_released(domain_get(i), d->id);
}

/* contract.md section 4: interrupts and DMA stop before anything of it is asked again. */
void service_died(struct domain *d)
{
	devices_quiesce(d);
	service_holders(d);
	ioreq_backend_died(d);
	ioreq_guest_died(d);
	console_died(d);
	bootpage_peer_changed(d);
}

void service_starting(struct domain *d)
{
	windows_reopen(d);
	ioreq_backend_starts(d);
	bootpage_restart(d);
	bootpage_peer_changed(d);
}
