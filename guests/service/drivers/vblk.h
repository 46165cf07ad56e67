/*
 * Physical virtio-blk-pci disks (virtio 1.x): what QEMU and clouds give a machine. Indirect
 * descriptors are needed; data goes straight to and from the guest's memory.
 */
#ifndef GUESTS_SERVICE_DRIVERS_VBLK_H
#define GUESTS_SERVICE_DRIVERS_VBLK_H

#include "abi/boot.h"
#include "guests/service/disk.h"

/* Resets the device and waits until it is quiet. */
void vblk_quiet(const struct hv_device *d);

/* Brings the device up and fills in *disk; unit 0 is all it has. False, with a line that says why.
 */
bool vblk_open(const struct hv_device *d, unsigned unit, struct disk *disk);

#endif
