/*
 * The driver's side of modern virtio-pci (virtio 1.2, 4.1): where a device's structures lie, reset,
 * features, one queue.
 */
#ifndef GUESTS_SERVICE_DRIVERS_VPCI_H
#define GUESTS_SERVICE_DRIVERS_VPCI_H

#include <stdbool.h>

#include "abi/boot.h"
#include "guests/service/virtio.h"

struct vpci {
	volatile struct virtio_common *common;
	volatile uint8_t *device, *notify;
	uint32_t notify_stride;
};

/* The rings of one queue, in the DMA pool. */
struct vpci_rings {
	unsigned size;
	void *desc, *avail, *used;
	volatile uint8_t *doorbell; /* set by vpci_queue */
};

/* Finds the structures; the device's own configuration has at least `config` bytes. False: not a
   modern device. */
bool vpci_find(struct vpci *p, const struct hv_device *d, uint32_t config);

/* Status 0, and waits for it. False: the device does not obey. */
bool vpci_reset(struct vpci *p);

/* Negotiates `wanted` of what is offered; returns what was agreed, 0 if the device refuses. Leaves
   the device before DRIVER_OK. */
uint64_t vpci_negotiate(struct vpci *p, uint64_t wanted);

/* The size that the device offers for queue `index`. */
unsigned vpci_queue_size(struct vpci *p, unsigned index);

/* Takes rings of that size, at most 256, from the DMA pool: a page each. */
void vpci_rings_alloc(struct vpci_rings *r, unsigned size);

/* Enables a queue with MSI-X vector `vector`. False: no vector to be had. */
bool vpci_queue(struct vpci *p, unsigned index, struct vpci_rings *r, unsigned vector);

/* MSI-X vector `vector` for changes of the device's configuration; after the queues. */
void vpci_config_vector(struct vpci *p, unsigned vector);

void vpci_run(struct vpci *p);

#endif
