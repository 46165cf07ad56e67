/*
 * Intel's gigabit cards: 8254x (e1000, of QEMU and Bochs) and 82574 (e1000e), as ports of a switch.
 */
#ifndef GUESTS_SERVICE_DRIVERS_E1000_H
#define GUESTS_SERVICE_DRIVERS_E1000_H

#include "abi/boot.h"
#include "guests/service/net.h"

bool e1000_is(const struct hv_device *d);

/* Resets the card and waits until it is quiet. */
void e1000_quiet(const struct hv_device *d);

/* Brings it up; what it receives goes to its port once that is attached. NULL, with a line that
   says why. */
struct net_port *e1000_open(const struct hv_device *d);

#endif
