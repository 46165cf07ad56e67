/*
 * What a guest with bad intentions does with its card.
 */
#ifndef GUESTS_NETTEST_EVIL_H
#define GUESTS_NETTEST_EVIL_H

#include "guests/nettest/frame.h"

/* Says to everybody, `times` times, that 02:00:00:00:00:01 and ...02 are here, and floods the
   switch with addresses. */
void evil_spoof(struct virtio_net *net, unsigned times);

/* Makes a chain available that never ends. True: the card has given up, as it must. */
bool evil_loop(struct virtio_net *net);

#endif
