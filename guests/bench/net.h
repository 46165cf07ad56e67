/*
 * What the two guests of the network paths agree on: the frames of the one that measures, and the
 * role of the other, which sends each of them back.
 */
#ifndef GUESTS_BENCH_NET_H
#define GUESTS_BENCH_NET_H

#include <stdint.h>

#include "guests/lib/virtio_net.h"

enum { NET_FORTH = 1, NET_BYE = 2 };

struct net_frame {
	uint8_t to[VIRTIO_NET_MAC], from[VIRTIO_NET_MAC], type[2];
	uint8_t kind; /* NET_FORTH: send it back; NET_BYE: end */
	uint8_t rest[VIRTIO_NET_FRAME - 15];
};

_Static_assert(sizeof(struct net_frame) == VIRTIO_NET_FRAME, "no holes");

/* Opens the first network card, with the local APIC in its faster mode. NULL, or why not. */
const char *net_open(struct virtio_net *n);

/* The other role: sends frames back until a NET_BYE comes. Returns main's result. */
int net_echo(void);

/* Ends the other guest, if the paths have found it. */
void net_bye(void);

#endif
