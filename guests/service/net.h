/*
 * Networks inside the service domain: a learning switch for each bridge of boot->bridge, with
 * ports: guests' cards (virtio-net) and at most one physical card. A frame is handed on in one
 * call; who takes it copies what it needs and keeps no pointer, so that frames have no owner and
 * nothing of them must survive a restart: frames may be lost or doubled then, as on a wire.
 */
#ifndef GUESTS_SERVICE_NET_H
#define GUESTS_SERVICE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/boot.h"
#include "guests/service/window.h"

#define NET_MAC       6u
#define NET_HEADER    14u /* destination, source, type */
#define NET_FRAME     1514u
#define NET_FRAME_MAX 65550u /* that a guest hands over to be cut into smaller ones */

/* What a frame still wants done, as in front of each virtio frame (virtio 1.2, 5.1.6); all zero: it
   is complete. */
struct net_offload {
	uint8_t flags;    /* NET_OFFLOAD_CSUM: the checksum at csum_start + csum_offset is open */
	uint8_t gso_type; /* NET_GSO_*: bytes behind the headers to be cut into gso_size each */
	uint16_t header_bytes, gso_size, csum_start, csum_offset;
};

#define NET_OFFLOAD_CSUM 1u
#define NET_GSO_NONE     0u
#define NET_GSO_TCP4     1u
#define NET_GSO_TCP6     4u

/* An Ethernet frame without its check sequence, in pieces: the first `parts` of part[]. */
struct net_frame {
	const struct window_part *part;
	unsigned parts;
	uint32_t bytes;
	struct net_offload offload;
};

/* What a port may be given with work still open; the switch does the rest before. */
#define NET_TAKES_CSUM 1u
#define NET_TAKES_TSO4 2u
#define NET_TAKES_TSO6 4u

struct net_switch;

struct net_port {
	/* the port's own */
	char name[32]; /* "linux1 nic 0", "e1000 00:03.0": for messages */
	uint8_t mac[NET_MAC];
	uint32_t takes; /* NET_TAKES_* */
	bool uplink;    /* the physical one: unknown destinations always go there */
	/* Takes a copy of the frame; false: there was no room, and it is lost. Never calls back
	   into the switch. */
	bool (*send)(struct net_port *p, const struct net_frame *f);
	void *owner;

	/* the switch's */
	struct net_switch *to;
	uint64_t frames_in, bytes_in, frames_out, bytes_out, lost;
	uint64_t refused; /* came in with an address of another port, or made no sense */
	bool warned;      /* a line said so */
};

/* The switch of boot->bridge[i]; NULL: there is none. */
struct net_switch *net_switch_of(unsigned i);

/* The ports of a switch in no order, and the addresses that were learned, for who shows them: NULL,
   or false, once there are no more. */
const struct net_port *net_port_of(const struct net_switch *s, unsigned i);
bool net_learned(const struct net_switch *s, unsigned *at, uint8_t mac[NET_MAC],
		 const struct net_port **port);

/* Puts a port on the switch, or takes it off again, with what was learned of it. False: no more
   room for ports. */
bool net_attach(struct net_switch *s, struct net_port *p);
void net_detach(struct net_port *p);

/* A frame came in at port p: goes to where its destination was learned, else everywhere but p. Its
   first NET_HEADER bytes must not change meanwhile: a copy, where they come from a guest. Dropped:
   frames over NET_FRAME that nobody asks to cut, and those with the `mac` of another port as their
   source. */
void net_receive(struct net_port *p, const struct net_frame *f);

/* Copies `bytes` from byte `at` of the frame to buf; both within it. */
void net_copy(const struct net_frame *f, uint32_t at, void *buf, uint32_t bytes);

/* Physical cards (nic.c): the driver by what the function is. Every card that this domain owns is
   made quiet before the DMA pool is given out; then those that bridges name are opened and
   attached. */
void nics_quiet(void);
void nics_open(void);

#endif
