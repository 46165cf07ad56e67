/*
 * The common part of a driver for a modern virtio function (virtio 1.2, 4.1): its structures, the
 * way to DRIVER_OK, queues and their doorbells. One MSI-X entry serves all queues. A driver owns a
 * struct virtio_pci and lays out its rings itself; paging is 1:1.
 */
#ifndef GUESTS_LIB_VIRTIO_PCI_H
#define GUESTS_LIB_VIRTIO_PCI_H

#include <stdbool.h>
#include <stdint.h>

struct virtio_pci {
	unsigned function;
	volatile uint8_t *common, *config;
};

/* A queue's doorbell: by port where there is one. */
struct virtio_bell {
	uint16_t queue;
	uint16_t port;             /* 0: none in I/O space */
	volatile uint16_t *memory; /* NULL: none in memory */
};

/* A descriptor (virtio 1.2, 2.7.5). */
struct virtio_desc {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags, next;
};

struct virtio_rings {
	const volatile void *desc, *avail, *used;
};

/* Resets the device and takes those of `features` (0 to 31) that it has: *features is what is left.
   NULL, or why it cannot be used. Its interrupts come by `vector`. */
const char *virtio_pci_open(struct virtio_pci *p, unsigned function, unsigned vector,
			    uint32_t *features);

/* Enables a queue of `size`, a power of two. NULL, or why not. */
const char *virtio_pci_queue(struct virtio_pci *p, unsigned queue, unsigned size,
			     const struct virtio_rings *rings, struct virtio_bell *bell);

/* The driver is ready: after its last queue. */
void virtio_pci_start(struct virtio_pci *p);

/* The device has given up (DEVICE_NEEDS_RESET). */
bool virtio_pci_is_broken(const struct virtio_pci *p);

void virtio_bell_ring(const struct virtio_bell *bell);

#endif
