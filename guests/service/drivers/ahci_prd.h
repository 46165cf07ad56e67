/*
 * Where a request's data lies, as a port's command table says it (4.2.3.3): regions of at most
 * 4 MiB at even addresses. Pure.
 */
#ifndef GUESTS_SERVICE_DRIVERS_AHCI_PRD_H
#define GUESTS_SERVICE_DRIVERS_AHCI_PRD_H

#include "guests/service/disk.h"
#include "guests/service/drivers/ahci_regs.h"

/* How many bytes of r, from r->at on and at most `limit`, a table can describe: a multiple of a
   sector, 0 if not even one. reach: the first address that the controller cannot name. */
uint32_t ahci_prd_bytes(const struct disk_request *r, uint64_t limit, uint64_t reach);

/* Describes `bytes` of r from r->at on, as ahci_prd_bytes allowed. Returns the regions. */
unsigned ahci_prd_fill(const struct disk_request *r, uint32_t bytes, struct ahci_prd *prd);

/* The same for a buffer of our own of at most 4 MiB. */
unsigned ahci_prd_single(const void *buffer, uint32_t bytes, struct ahci_prd *prd);

#endif
