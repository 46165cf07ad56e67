/*
 * What a device model asks of the hypervisor and the clock, in a file of its own so that the rest
 * of the model runs in host tests.
 */
#ifndef GUESTS_SERVICE_VIRTIO_PORT_H
#define GUESTS_SERVICE_VIRTIO_PORT_H

#include <stdint.h>

#include "guests/lib/timer.h"

/* Raises an MSI in the guest of this interrupt capability. A message that the hypervisor refuses is
   dropped, as a PC's chipset would. */
void virtio_port_irq(uint32_t cap, uint64_t address, uint32_t data);

/* hv_range_add and hv_range_remove: 0 or a negative error. */
int64_t virtio_port_add(uint32_t cap, unsigned kind, uint64_t base, uint64_t bytes, unsigned event);
int64_t virtio_port_remove(uint32_t cap, unsigned kind, uint64_t base);

/* Runs the handler of this event (a queue's doorbell) again after the others. */
void virtio_port_again(unsigned event);

/* Nanoseconds now, as rate.h wants them. */
uint64_t virtio_port_now(void);

/* Masks this event until then and runs its handler after that: for a device over its rate. A timer
   for each event. */
void virtio_port_hold(struct timer *t, unsigned event, uint64_t until);

#endif
