/*
 * An e1000 card as a port: frames come by interrupt and go on from the card's
 * own buffers; what is sent is copied into them. What has been sent needs no
 * interrupt: the next frame finds it done.
 */
#include "guests/service/drivers/e1000.h"

#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/e1000_card.h"
#include "guests/service/drivers/pcifn.h"

#define E1000_CARDS 4
#define BUDGET      64u /* frames a turn */
#define PAGE        4096u

struct e1000 {
	const struct hv_device *device;
	struct e1000_card card;
	struct e1000_rx rx;
	struct e1000_tx tx;
	struct net_port port;
	unsigned event;
	bool level, link;
};

static struct e1000 cards[E1000_CARDS];
static unsigned card_count;

bool e1000_is(const struct hv_device *d)
{
	return e1000_card_is(d);
}

void e1000_quiet(const struct hv_device *d)
{
	struct e1000_card card;

	pcifn_enable(d, false);
	if (e1000_card_find(&card, d) && !e1000_card_reset(&card))
		print("e1000 at slot %#x: does not stop\n", d->slot);
}

static bool e1000_send(struct net_port *p, const struct net_frame *f)
{
	struct e1000 *e = p->owner;
	uint8_t *buffer = e->link && f->bytes <= E1000_BUFFER ? e1000_tx_buffer(&e->tx) : NULL;

	if (!buffer)
		return false;
	net_copy(f, 0, buffer, f->bytes);
	e1000_tx_send(&e->tx, f->bytes);
	return true;
}

/* False: there may be more. */
static bool receive(struct e1000 *e)
{
	struct window_part part;
	struct net_frame frame = { .part = &part, .parts = 1 };
	enum e1000_rx_found found = E1000_RX_NOTHING;
	unsigned n;

	for (n = 0; n < BUDGET; n++) {
		found = e1000_rx_look(&e->rx, &part);
		if (found == E1000_RX_NOTHING)
			break;
		frame.bytes = part.bytes;
		if (found == E1000_RX_FRAME && frame.bytes >= NET_HEADER && e->port.to)
			net_receive(&e->port, &frame);
		e1000_rx_next(&e->rx);
	}
	if (n)
		e1000_rx_give(&e->rx);
	return found == E1000_RX_NOTHING;
}

static void look_at_link(struct e1000 *e)
{
	bool link = e1000_card_has_link(&e->card);

	if (link != e->link)
		print("%s: link %s\n", e->port.name, link ? "up" : "down");
	e->link = link;
}

/* A line is opened again only when the card's causes are taken back: else it
 * fires for ever. */
static void e1000_event(void *arg)
{
	struct e1000 *e = arg;
	uint32_t causes = e1000_card_causes(&e->card);

	if (causes & E1000_INT_LSC)
		look_at_link(e);
	if (!receive(e))
		event_again(e->event);
	if (e->level)
		(void)hv_irq_ack(e->device->cap, 0);
}

/* Rings as long as the pool allows. */
static bool rings_alloc(struct e1000 *e)
{
	unsigned size = E1000_RING_MAX;

	while (size > E1000_RING_MIN && 2 * (size * E1000_BUFFER + PAGE) > dma_left())
		size /= 2;
	e->rx.size = e->tx.size = size;
	e->rx.desc = dma_alloc(PAGE);
	e->tx.desc = dma_alloc(PAGE);
	e->rx.buffers = dma_alloc(size * E1000_BUFFER);
	e->tx.buffers = dma_alloc(size * E1000_BUFFER);
	if (!e->tx.buffers)
		return false;
	e1000_rx_init(&e->rx);
	e1000_tx_init(&e->tx);
	return true;
}

static const char *bring_up(struct e1000 *e)
{
	int64_t bound;

	if (!e1000_card_find(&e->card, e->device))
		return "no registers";
	if (!rings_alloc(e))
		return "the DMA pool is too small: raise `dma-pool` in the config";
	if (!e1000_card_mac(&e->card, e->port.mac))
		return "the card has no address";
	e->event = event_alloc();
	event_bind(e->event, e1000_event, e);
	bound = hv_irq_bind(e->device->cap, 0, e->event);
	if (bound < 0)
		return hv_error(bound);
	e->level = bound != 0;
	pcifn_enable(e->device, true);
	e1000_card_start(&e->card, &e->rx, &e->tx);
	e->link = e1000_card_has_link(&e->card);
	return NULL;
}

struct net_port *e1000_open(const struct hv_device *d)
{
	struct e1000 *e = &cards[card_count];
	const uint8_t *mac = e->port.mac;
	const char *why;

	if (card_count == E1000_CARDS) {
		print("e1000 at slot %#x: more than %u of them\n", d->slot, E1000_CARDS);
		return NULL;
	}
	*e = (struct e1000){ .device = d, .port = { .uplink = true, .send = e1000_send } };
	e->port.owner = e;
	pcifn_name(d, "e1000", e->port.name, sizeof(e->port.name));
	why = bring_up(e);
	if (why) {
		print("%s: %s\n", e->port.name, why);
		return NULL;
	}
	print("%s: %02x:%02x:%02x:%02x:%02x:%02x, link %s\n", e->port.name, mac[0], mac[1], mac[2],
	      mac[3], mac[4], mac[5], e->link ? "up" : "down");
	card_count++;
	return &e->port;
}
