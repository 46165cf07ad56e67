/*
 * The ACPI tables of the legacy-free PC (contract.md section 5), written into the guest's memory
 * at HV_GUEST_ACPI:
 *
 *   RSDP -> XSDT -> FADT -> DSDT (vmm/dsdt.dsl, compiled by iasl)
 *                -> MADT, MCFG
 *                -> SSDT (vmm/pc.dsl), and FACS behind a FADT with fixed hardware: a PC with legacy
 *                   devices
 *
 * and the reset vector at its end
 */
#ifndef VMM_VACPI_H
#define VMM_VACPI_H

#include "vmm/domain.h"

/* Errors: RANGE (the domain has no RAM there). */
must_check enum err vacpi_install(struct domain *d);

#endif
