/*
 * A domain's I/O APIC (82093AA with the EOI register of version 20h): 24 pins, GSI n is pin n.
 * A lock of its own; vCPUs are reached through vlapic_deliver, which takes none.
 */
#ifndef VMM_VIOAPIC_H
#define VMM_VIOAPIC_H

#include "vmm/domain.h"
#include "vmm/io.h"

/* Boot only: takes a page, sets d->ioapic. */
void vioapic_init(struct domain *d);
/* All pins masked and low. The domain's vCPUs do not run. */
void vioapic_reset(struct domain *d);

/* Drives a pin: true is asserted, whatever the polarity that the guest programmed. An edge is
   false to true. gsi < HV_GSI_COUNT, others are ignored. Any CPU. */
void vioapic_set_line(struct domain *d, unsigned gsi, bool level);
/* The same with true, for a back end: when the guest ends the pin's level-triggered interrupt, the
   pin falls and that event of the back end is set, once. Lowering or raising it otherwise takes
   the event back. */
void vioapic_raise(struct domain *d, unsigned gsi, struct domain *by, unsigned event);
/* Pin 0 is where the 8259s are wired to, and passes on what they ask, to v among others. */
bool vioapic_passes_extint(const struct vcpu *v);
/* A local APIC ended a level-triggered vector. */
void vioapic_eoi(struct domain *d, uint8_t vector);

/* The register page at HV_GUEST_IOAPIC. Always DONE. */
enum verdict vioapic_mmio(struct vcpu *v, struct io_access *a);

#endif
