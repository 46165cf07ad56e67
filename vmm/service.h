/*
 * The life of a domain as the contract's parts see it: one call each for boot, death and start,
 * which the domain's lifecycle makes. Order matters (contract.md section 4) and is laid down here.
 */
#ifndef VMM_SERVICE_H
#define VMM_SERVICE_H

#include "vmm/domain.h"

/* Boot, when every domain has memory, vCPUs, nested tables with a pool, vUART and vI/O APIC:
   devices, capabilities, ioreq pages, buses, windows, event and boot pages, the console. What is
   wrong was logged. Adds the pages that it needs to the domains' pools. Errors as devices_build. */
must_check enum err service_build(void);

/* A domain was stopped on all its CPUs, whatever the reason; d->state is no longer RUNNING. On
   return no device of it does DMA or interrupts, what waits for its answers waits for its next
   instance, its own ranges are gone and its console lines are out. Owner CPU. */
void service_died(struct domain *d);

/* A domain is about to enter its image; d->incarnation is the new one. Owner CPU. */
void service_starting(struct domain *d);

/* Boot, for the parts of the contract: zeroed hypervisor pages on a domain's account, and pages
   for its nested tables. */
void *service_pages(struct domain *d, size_t pages);
void service_reserve(struct domain *d, size_t table_pages);

#endif
