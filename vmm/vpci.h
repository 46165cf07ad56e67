/*
 * A guest's PCI bus 0, as far as the hypervisor knows it: the address register at 0xcf8, ECAM, the
 * host bridge at 00:00.0. An access to a function that a back end serves becomes an ioreq
 * PCI_CONFIG; empty slots read as ones.
 */
#ifndef VMM_VPCI_H
#define VMM_VPCI_H

#include "vmm/domain.h"
#include "vmm/io.h"

struct vpci {
	uint32_t address; /* as written to 0xcf8; any CPU, atomically: guests lock the pair */
	/* fixed after boot: link number in the guest's ioreq_set for each device, or VPCI_EMPTY */
	uint8_t link[32];
};

#define VPCI_EMPTY 0xffu

/* Boot, after ioreq_build(): every domain gets a bus. */
void vpci_build(void);
/* Before a domain starts. */
void vpci_reset(struct domain *d);

/* Where serve[index] of the config sits: device << 3 | function. */
static inline unsigned vpci_function(unsigned index)
{
	return (index + 1) << 3;
}

/* Models: ports HV_PORT_PCI .. + 7, and HV_GUEST_ECAM (address = guest-physical). */
io_model_fn vpci_port;
io_model_fn vpci_ecam;

#endif
