/*
 * NVMe 1.x disks: the first active namespace, one I/O queue pair, data straight to and from the
 * guest's memory by PRP lists. Blocks of 512 or 4096 bytes without metadata.
 */
#ifndef GUESTS_SERVICE_DRIVERS_NVME_H
#define GUESTS_SERVICE_DRIVERS_NVME_H

#include "abi/boot.h"
#include "guests/service/disk.h"

/* Disables the controller and waits until it is quiet, whatever a former instance left running. */
void nvme_quiet(const struct hv_device *d);

/* Brings the controller up and fills in *disk; unit 0 is all it has. False, with a line that says
 * why. */
bool nvme_open(const struct hv_device *d, unsigned unit, struct disk *disk);

#endif
