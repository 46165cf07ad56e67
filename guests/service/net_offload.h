/*
 * What a destination does not take of a frame's open work is done here: checksums are completed,
 * TCP segments cut (virtio 1.2, 5.1.6.2). Frames come from guests: nothing in them is believed.
 */
#ifndef GUESTS_SERVICE_NET_OFFLOAD_H
#define GUESTS_SERVICE_NET_OFFLOAD_H

#include "guests/service/net.h"

#define NET_SEGMENTS 256 /* a frame that asks for more is lost */

/* Do size, open work and, where it is to be cut, headers fit together? */
bool net_offload_check(const struct net_frame *f);

/* What a port must take to be given f as it is: NET_TAKES_*. */
uint32_t net_offload_needs(const struct net_frame *f);

/* Gives f, which net_offload_check has passed, complete to emit: in as many frames as it takes.
   Each lies in memory of this file until emit returns. False: it could not be done. */
bool net_offload_finish(const struct net_frame *f,
			void (*emit)(void *arg, const struct net_frame *f), void *arg);

#endif
