/*
 * The model of a network card and its sending side. Queues: receive and send of each pair in turn,
 * then the control queue; without VIRTIO_NET_F_MQ that follows the first pair.
 */
#include "guests/service/net_card.h"

#include "guests/lib/print.h"
#include "guests/service/virtio_port.h"
#include "lib/format.h"
#include "lib/string.h"

/* A turn ends when either is used up. */
#define TURN_FRAMES 16
#define TURN_BYTES  65536

static struct net_card cards[NET_CARDS];
static unsigned card_count;

static bool has(const struct net_card *c, uint64_t feature)
{
	return virtio_device_features(c->v) & feature;
}

unsigned net_card_pairs(const struct net_card *c)
{
	return has(c, VIRTIO_NET_F_MQ) && net_card_kept(c)->pairs == NET_PAIRS ? NET_PAIRS : 1;
}

static unsigned control_queue(const struct net_card *c)
{
	return has(c, VIRTIO_NET_F_MQ) ? 2 * NET_PAIRS : 2;
}

/* The frame in a chain that was just read. Its Ethernet header is copied, as net_receive asks: the
   guest can still write to the rest. Too short a frame is passed on as it is, to be refused. */
static bool frame_read(struct net_frame *f, struct virtio_chain *chain)
{
	static struct window_part part[1 + VIRTIO_CHAIN_PARTS];
	static uint8_t ethernet[NET_HEADER];
	struct virtio_net_header h;

	if (!virtio_chain_take(chain, &h, sizeof(h)))
		return false;
	*f = (struct net_frame){
		.part = part,
		.bytes = (uint32_t)MIN(chain->readable_bytes, NET_FRAME_MAX + 1ul),
		.offload = { h.flags & NET_OFFLOAD_CSUM, h.gso_type, h.header_bytes, h.gso_size,
			     h.csum_start, h.csum_offset },
	};
	if (virtio_chain_take(chain, ethernet, NET_HEADER))
		part[f->parts++] = (struct window_part){ ethernet, NET_HEADER };
	for (unsigned i = chain->first; i < chain->readable; i++)
		part[f->parts++] = chain->part[i];
	return true;
}

/* Sends the next frame of queue q; its length, or 0 if there is none. */
static uint32_t send_one(struct net_card *c, unsigned q)
{
	static struct virtio_chain chain;
	struct net_frame f;
	uint16_t head;

	if (!virtio_device_next(c->v, q, &head, &chain))
		return 0;
	if (!frame_read(&f, &chain)) {
		virtio_device_parked(c->v);
		virtio_device_break(c->v, "a frame without header");
		return 0;
	}
	if (net_card_pairs(c) > 1 && f.bytes >= NET_HEADER)
		c->flow[net_flow_hash(&f)] = (uint8_t)(q / 2);
	net_receive(&c->port, &f);
	virtio_device_complete(c->v, q, head, 0);
	return f.bytes + (uint32_t)sizeof(struct virtio_net_header);
}

/* False: the card is over its rate, and the queue is looked at again later. */
static bool may_send(struct net_card *c, unsigned q)
{
	uint64_t now, ready;

	if (!c->limited)
		return true;
	now = virtio_port_now();
	ready = rate_ready(&c->rate, now);
	if (ready > now)
		virtio_port_hold(&c->hold[q / 2], c->v->kick_event[q], ready);
	return ready <= now;
}

static void send_kick(struct net_card *c, unsigned q)
{
	uint32_t sent = 0;

	for (unsigned budget = TURN_FRAMES; budget && sent < TURN_BYTES; budget--) {
		uint32_t bytes;

		if (!may_send(c, q))
			return;
		bytes = send_one(c, q);
		if (bytes && c->limited)
			rate_charge(&c->rate, bytes, virtio_port_now());
		sent += bytes;
		if (bytes)
			continue;
		if (!virtio_device_is_live(c->v) || !virtio_queue_rearm(&c->v->queue[q]))
			return;
	}
	virtio_port_again(c->v->kick_event[q]);
}

/* New buffers to receive into: nothing waits for them, so nothing is to be done but, once, to see
   what this driver takes. */
static void receive_kick(struct net_card *c, unsigned q)
{
	uint32_t takes = 0;

	if (has(c, VIRTIO_NET_F_GUEST_CSUM))
		takes = NET_TAKES_CSUM;
	if (takes && has(c, VIRTIO_NET_F_GUEST_TSO4))
		takes |= NET_TAKES_TSO4;
	if (takes && has(c, VIRTIO_NET_F_GUEST_TSO6))
		takes |= NET_TAKES_TSO6;
	c->port.takes = takes;
	virtio_queue_quiet(&c->v->queue[q]);
}

static void card_kick(struct virtio_device *v, unsigned q)
{
	struct net_card *c = v->backend;

	if (q == control_queue(c))
		net_control_kick(c, q);
	else if (q % 2)
		send_kick(c, q);
	else
		receive_kick(c, q);
}

static void card_reset(struct virtio_device *v)
{
	struct net_card *c = v->backend;

	c->port.takes = 0;
	for (unsigned i = 0; i < NET_PAIRS; i++)
		c->stage[i].buffers = c->stage[i].parts = c->stage[i].bytes = 0;
	memset(c->flow, 0, sizeof(c->flow));
	net_control_reset(c);
}

static void card_config(struct virtio_device *v, unsigned offset, unsigned bytes, void *buf)
{
	const struct net_card *c = v->backend;
	struct virtio_net_config config = {
		.status = VIRTIO_NET_LINK_UP,
		.max_pairs = NET_PAIRS,
	};

	memcpy(config.mac, c->port.mac, NET_MAC);
	if (offset + bytes <= sizeof(config))
		memcpy(buf, (uint8_t *)&config + offset, bytes);
}

static const struct virtio_model net_model = {
	.name = "network card",
	.id = VIRTIO_ID_NET,
	.class_code = 0x020000,
	.queues = NET_QUEUES,
	.config = card_config,
	.kick = card_kick,
	.reset = card_reset,
};

static void card_name(struct net_card *c)
{
	(void)format(c->port.name, sizeof(c->port.name), "%.16s: network card %u", c->v->guest_name,
		     c->v->function >> 3);
}

bool net_card_init(struct virtio_device *v, const struct hv_served *served)
{
	struct net_switch *s = net_switch_of(served->source);
	struct net_card *c = &cards[card_count];

	if (!s || card_count == NET_CARDS) {
		print("%s: network card %u: %s: the device is left out\n", v->guest_name,
		      v->function >> 3, s ? "too many of them" : "there is no such bridge");
		return false;
	}
	*c = (struct net_card){ .v = v,
				.limited = served->rate_bytes || served->rate_requests,
				.port = { .send = net_card_receive, .owner = c } };
	rate_init(&c->rate, served->rate_bytes, served->rate_requests);
	memcpy(c->port.mac, served->mac, NET_MAC);
	card_name(c);
	if (!net_attach(s, &c->port)) {
		print("%s: no room on its bridge: the device is left out\n", c->port.name);
		return false;
	}
	card_count++;
	v->model = &net_model;
	v->backend = c;
	v->offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC |
		     VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CSUM |
		     VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 |
		     VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_MRG_RXBUF |
		     VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR |
		     VIRTIO_NET_F_MQ;
	return true;
}
