/*
 * The boot page of a guest of ours (abi/boot.h), and the mapping of all pages that the hypervisor
 * shares with it: boot page, event pages, ioreq pages. A service domain sees them at
 * guest-physical == host-physical, others from HV_GUEST_SHARED on. The guest cannot write its boot
 * page.
 */
#ifndef VMM_BOOTPAGE_H
#define VMM_BOOTPAGE_H

#include "vmm/domain.h"

/* Boot, when everything else of the contract is built. Nothing for stock guests. Sets d->boot and
   d->boot_gpa. */
void bootpage_build(struct domain *d);

/* Before each start, when d->incarnation is the new one. */
void bootpage_restart(struct domain *d);

/* A domain has a new state or incarnation: its entry in all boot pages, then HV_EVENT_GONE to
   those that have it as a peer. Any CPU. */
void bootpage_peer_changed(struct domain *changed);

#endif
