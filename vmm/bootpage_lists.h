/*
 * Inside bootpage.c only: the lists of a boot page that are not memory. Boot; d->boot is there.
 */
#ifndef VMM_BOOTPAGE_LISTS_H
#define VMM_BOOTPAGE_LISTS_H

#include "vmm/domain.h"

void bootpage_caps(struct domain *d);
void bootpage_devices(struct domain *d);
/* Virtual devices that d serves to others. Panics when they are more than the page has room for. */
void bootpage_served(struct domain *d);
void bootpage_bridges(struct domain *d);
void bootpage_bridges(struct domain *d);
void bootpage_peers(struct domain *d);

#endif
