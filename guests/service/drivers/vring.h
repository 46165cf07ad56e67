/*
 * The driver's side of a split virtqueue (virtio 1.2, 2.7) whose descriptors each stand for one
 * buffer for good: slot number, descriptor and completion id are one. Pure: the doorbell is a word
 * in memory.
 */
#ifndef GUESTS_SERVICE_DRIVERS_VRING_H
#define GUESTS_SERVICE_DRIVERS_VRING_H

#include <stdbool.h>
#include <stdint.h>

#include "guests/service/drivers/vpci.h"

#define VRING_MAX 256u /* slots: each ring fits a page */

struct vring {
	struct vpci_rings rings; /* the caller's: size, and zeroed memory */
	uint16_t index;          /* of the queue: the caller's */
	uint16_t offered, taken;
};

/* What the slot's buffer is: flags VIRTQ_DESC_WRITE for the device to fill. */
void vring_describe(struct vring *r, unsigned slot, const void *buffer, uint32_t bytes,
		    uint16_t flags);

/* No interrupts for this queue, please. */
void vring_quiet(struct vring *r);

/* Puts a slot into the device's hands; it may not notice before vring_kick. */
void vring_offer(struct vring *r, unsigned slot);
void vring_kick(struct vring *r);

/* Takes the next slot that the device is done with. False: there is none. A slot that the device
   made up comes as one from rings.size on. */
bool vring_take(struct vring *r, unsigned *slot, uint32_t *bytes);

#endif
