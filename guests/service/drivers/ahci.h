/*
 * A driver for SATA disks at an AHCI controller. `unit` counts the disks by port; drives for
 * packets (CDs) are not counted and left alone.
 */
#ifndef GUESTS_SERVICE_DRIVERS_AHCI_H
#define GUESTS_SERVICE_DRIVERS_AHCI_H

#include "abi/boot.h"
#include "guests/service/disk.h"

/* Stops whatever an earlier owner left running: the whole controller is reset. Before the DMA pool
   is taken into use. */
void ahci_quiet(const struct hv_device *d);

bool ahci_has(const struct hv_device *d, unsigned unit);

/* Brings the disk up; false, with a line that says why. */
bool ahci_open(const struct hv_device *d, unsigned unit, struct disk *disk);

#endif
