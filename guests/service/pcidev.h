/*
 * A served virtio device as a PCI function on the guest's bus 0: modern virtio-pci (virtio 1.2,
 * 4.1), no INTx, MSI-X, an I/O BAR with doorbells, which decode cheapest, and a memory BAR with
 * everything.
 */
#ifndef GUESTS_SERVICE_PCIDEV_H
#define GUESTS_SERVICE_PCIDEV_H

#include "guests/service/virtio_device.h"

#define PCIDEV_IO     0 /* index into kept bar[] and mapped[]: BAR 0 */
#define PCIDEV_MEMORY 1 /* BAR 2 */

/* Access to the configuration space; reg < 4096, naturally aligned, bytes 1, 2 or 4. */
uint32_t pcidev_read(struct virtio_device *v, unsigned reg, unsigned bytes);
void pcidev_write(struct virtio_device *v, unsigned reg, unsigned bytes, uint32_t value);

/* As after power-on: initial BARs, decoding on, the virtio device reset. */
void pcidev_power_on(struct virtio_device *v, uint32_t incarnation);

/* After a restart of this domain: takes back what the last instance may have registered and
   registers the ranges again. */
void pcidev_recover(struct virtio_device *v);

/* Registers ranges according to command register and BARs. */
void pcidev_decode(struct virtio_device *v);

/* True, with *offset set, if [address, address + bytes) lies in this BAR (PCIDEV_*) and it decodes.
 */
bool pcidev_hit(const struct virtio_device *v, unsigned bar, uint64_t address, unsigned bytes,
		unsigned *offset);

#endif
