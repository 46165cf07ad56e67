/*
 * A guest's network card, virtio-net (virtio 1.2, 5.1), as a port of a switch. Up to two pairs of
 * queues. Sent frames go to the switch while their chain is at work; received ones are copied into
 * buffers that the guest has posted, else they are lost. Over a restart frames may be lost or come
 * twice; what the guest has set by the control queue is kept.
 *
 *   net_card.c     the model, sending
 *   net_card_rx.c  receiving
 *   net_control.c  the control queue, and the filter that it sets
 */
#ifndef GUESTS_SERVICE_NET_CARD_H
#define GUESTS_SERVICE_NET_CARD_H

#include "guests/lib/timer.h"
#include "guests/service/net.h"
#include "guests/service/rate.h"
#include "guests/service/virtio_device.h"

#define NET_CARDS       16
#define NET_PAIRS       2
#define NET_QUEUES      (2 * NET_PAIRS + 1)
#define NET_BATCH       64  /* buffers that a frame may take */
#define NET_STAGE_PARTS 160 /* pieces of memory that these have in all */
#define NET_FLOWS       64
#define NET_FILTER      64

/* What the guest has set, in the kept page; all zero: as after a reset. */
struct kept_net {
	uint8_t mac[NET_MAC];
	uint8_t has_mac;  /* else the config's is used */
	uint8_t filtered; /* a table was set; until then every group address is taken */
	uint8_t promiscuous, all_groups, all_single;
	uint8_t pairs;             /* 0: one */
	uint16_t singles, entries; /* of the table: single addresses, then groups */
	uint8_t table[NET_FILTER][NET_MAC];
};

_Static_assert(sizeof(struct kept_net) == 400 && 400 <= KEPT_MODEL, "words of 8, and room");

/* Buffers that were taken from a receive queue for a frame and not given back yet. */
struct net_stage {
	unsigned buffers, parts;
	uint64_t bytes;
	struct {
		uint16_t head, parts;
		uint64_t bytes;
	} buffer[NET_BATCH];
	struct window_part part[NET_STAGE_PARTS];
};

struct net_card {
	struct virtio_device *v;
	struct net_port port;
	struct rate rate;
	bool limited;
	struct timer hold[NET_PAIRS];
	struct net_stage stage[NET_PAIRS];
	uint8_t flow[NET_FLOWS]; /* the pair that last sent for this hash */
};

/* Puts the card on its bridge: sets v->model, v->offered and v->backend. False, with a line that
   names the guest, if there is no such bridge or no room. */
bool net_card_init(struct virtio_device *v, const struct hv_served *served);

static inline struct kept_net *net_card_kept(const struct net_card *c)
{
	return (struct kept_net *)c->v->kept->model;
}

/* Pairs of queues in use. */
unsigned net_card_pairs(const struct net_card *c);

/* struct net_port's send: f into the guest's buffers. */
bool net_card_receive(struct net_port *p, const struct net_frame *f);

/* Serves the control queue q. */
void net_control_kick(struct net_card *c, unsigned q);
void net_control_reset(struct net_card *c);

/* Does the guest want frames for this destination? */
bool net_control_wants(const struct net_card *c, const uint8_t *destination);

/* A number below NET_FLOWS that is the same for both directions of a connection. */
unsigned net_flow_hash(const struct net_frame *f);

#endif
