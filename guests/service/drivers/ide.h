/*
 * ATA disks behind a PCI IDE function, in compatibility or native mode, by bus-master DMA. Packet
 * drives (a CD) are left alone. Data goes straight to and from memory below 4 GiB; the rest takes a
 * bounce buffer. The drives' transfer modes are those that firmware has set.
 */
#ifndef GUESTS_SERVICE_DRIVERS_IDE_H
#define GUESTS_SERVICE_DRIVERS_IDE_H

#include "abi/boot.h"
#include "guests/service/disk.h"

/* Resets both channels: afterwards no command and no DMA is under way. */
void ide_quiet(const struct hv_device *d);

/* False if the function certainly has no such disk: units count those that are found, in the order
   of channels and drives. After ide_quiet and dma_init. */
bool ide_has(const struct hv_device *d, unsigned unit);

/* Fills in *disk for one of its disks. False, with a line that says why. */
bool ide_open(const struct hv_device *d, unsigned unit, struct disk *disk);

#endif
