/*
 * Physical virtio-net cards (virtio 1.x): what QEMU and clouds give a machine, as ports of a
 * switch.
 */
#ifndef GUESTS_SERVICE_DRIVERS_VNET_H
#define GUESTS_SERVICE_DRIVERS_VNET_H

#include "abi/boot.h"
#include "guests/service/net.h"

bool vnet_is(const struct hv_device *d);

/* Resets the card and waits until it is quiet. */
void vnet_quiet(const struct hv_device *d);

/* Brings it up; what it receives goes to its port once that is attached. NULL, with a line that
   says why. */
struct net_port *vnet_open(const struct hv_device *d);

#endif
