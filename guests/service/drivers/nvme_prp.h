/*
 * Physical region pages: how an NVMe command names the memory of a request (4.3). The first entry
 * may begin on any dword, all others on a page, and all but the last end on a page. Pure.
 */
#ifndef GUESTS_SERVICE_DRIVERS_NVME_PRP_H
#define GUESTS_SERVICE_DRIVERS_NVME_PRP_H

#include "guests/service/disk.h"

#define NVME_PAGE 4096u

/* How many bytes of r, from r->at on and at most `limit`, entries can describe: a multiple of
   `block`, 0 if not even one block. */
uint32_t nvme_prp_bytes(const struct disk_request *r, uint64_t limit, uint32_t block);

/* Describes `bytes` of r from r->at on, as nvme_prp_bytes allowed: the two entries of a command;
   `list` is a page for more than two. */
void nvme_prp_fill(const struct disk_request *r, uint32_t bytes, uint64_t *list, uint64_t prp[2]);

#endif
