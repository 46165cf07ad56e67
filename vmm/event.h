/*
 * Events: one-bit signals to a domain's vCPU 0, through the page that it shares with the hypervisor
 * (abi/event.h has the order of stores). Setting one is the only way in which CPUs, devices and
 * domains wake a guest of ours.
 */
#ifndef VMM_EVENT_H
#define VMM_EVENT_H

#include "abi/event.h"
#include "vmm/domain.h"

/* Makes an event pending, wakes the vCPU and raises its event vector, unless it was pending or is
   masked. HV_EVENT_NONE and domains without an event page are ignored. Any CPU, also from interrupt
   handlers. */
void event_set(struct domain *d, unsigned event);

/* Clears the event's mask bit, and wakes as event_set does if it is pending. Owner CPU; the vCPU
   has an event page and event < HV_EVENTS. */
void event_unmask(struct vcpu *v, unsigned event);

/* True if an event is pending that is not masked. Owner CPU. */
bool event_pending(const struct vcpu *v);

/* Boot: gives each vCPU of a guest of ours its page. */
void event_build(struct domain *d);

/* Before a domain starts: nothing is masked, no vector is set; what is pending stays pending, so
   that a doorbell rung while the domain was dead is not lost. */
void event_reset(struct vcpu *v);

#endif
