/*
 * Message-signalled interrupts into a guest, as address and data of an MSI (SDM 3A 11.11).
 */
#ifndef VMM_VMSI_H
#define VMM_VMSI_H

#include "lib/err.h"
#include "vmm/domain.h"

/* Fixed or lowest priority, edge, vector >= 32. Any CPU. Errors: INVAL (another kind of message).
   A message that names no vCPU is dropped, as on hardware. */
must_check enum err vmsi_deliver(struct domain *d, uint64_t address, uint32_t data);

#endif
