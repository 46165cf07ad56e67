/*
 * Physical region descriptors: how a bus-master IDE controller is told where a request's data lies
 * (SFF-8038i 1.2). Regions lie below 4 GiB, at even addresses, and none crosses 64 KiB. Pure.
 */
#ifndef GUESTS_SERVICE_DRIVERS_IDE_PRD_H
#define GUESTS_SERVICE_DRIVERS_IDE_PRD_H

#include "guests/service/disk.h"

#define IDE_PRD_ENTRIES 512u /* a page, which never crosses 64 KiB itself */

struct ide_prd {
	uint32_t address;
	uint32_t bytes; /* bits 0..15, 0: 64 KiB; IDE_PRD_LAST */
};

#define IDE_PRD_LAST 0x80000000u

/* How many bytes of r, from r->at on and at most `limit`, a table can describe: a multiple of a
   sector, 0 if not even one. */
uint32_t ide_prd_bytes(const struct disk_request *r, uint64_t limit);

/* Describes `bytes` of r from r->at on, as ide_prd_bytes allowed. */
void ide_prd_fill(const struct disk_request *r, uint32_t bytes, struct ide_prd *table);

/* The same for a buffer of our own below 4 GiB, at most 64 KiB that cross no such boundary. */
void ide_prd_single(const void *buffer, uint32_t bytes, struct ide_prd *table);

#endif
