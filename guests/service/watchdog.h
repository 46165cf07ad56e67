/*
 * A guest's watchdog device: the registers of i6300esb.c as a PCI function whose state is kept. It
 * has no timer here. The hypervisor counts the time of the guest's last sign of life (hypercall
 * WATCHDOG) and stops the guest when it is over, whether this domain lives at that moment or not.
 */
#ifndef GUESTS_SERVICE_WATCHDOG_H
#define GUESTS_SERVICE_WATCHDOG_H

#include <stdbool.h>

#include "abi/boot.h"
#include "abi/ioreq.h"

/* Entry number i of boot->serve, an HV_SERVED_WATCHDOG. Kept pages are there. */
void watchdog_build(unsigned i, const struct hv_served *s);

/* The guest runs, as this incarnation. */
void watchdog_started(uint32_t guest, uint32_t incarnation);

/* True, with the answer in *r, if the guest has a watchdog and the access is to it. */
bool watchdog_access(uint32_t guest, struct hv_ioreq *r);

#endif
