/*
 * The control queue (virtio 1.2, 5.1.6.5) and what it sets: addresses, the filter, the number of
 * queue pairs. A command cut off by a death of this domain is done again from its start, so a
 * half-written state does not last.
 */
#include "guests/service/net_card.h"

#include "guests/service/kept_store.h"
#include "guests/service/virtio_port.h"
#include "lib/string.h"

#define TURN_BUDGET 4
#define TABLE_MOST  1024 /* addresses that a command may have */

static void state_write(struct net_card *c, const struct kept_net *new)
{
	uint64_t word[sizeof(*new) / sizeof(uint64_t)];

	memcpy(word, new, sizeof(word));
	for (unsigned i = 0; i < ARRAY_SIZE(word); i++)
		kept_store64(&c->v->kept->model[i], word[i]);
}

void net_control_reset(struct net_card *c)
{
	struct kept_net none = { 0 };

	state_write(c, &none);
}

static bool take_byte(struct virtio_chain *chain, uint8_t *to)
{
	uint8_t value;

	if (!virtio_chain_take(chain, &value, sizeof(value)))
		return false;
	*to = value != 0;
	return true;
}

/* One list of a table. Addresses beyond the table's room: `all` is set in their place. */
static bool take_list(struct virtio_chain *chain, struct kept_net *k, uint8_t *all)
{
	uint8_t mac[NET_MAC];
	uint32_t n;

	if (!virtio_chain_take(chain, &n, sizeof(n)) || n > TABLE_MOST)
		return false;
	*all = n > (uint32_t)(NET_FILTER - k->entries);
	for (; n; n--) {
		if (!virtio_chain_take(chain, mac, NET_MAC))
			return false;
		if (!*all)
			memcpy(k->table[k->entries++], mac, NET_MAC);
	}
	return true;
}

static bool take_table(struct virtio_chain *chain, struct kept_net *k)
{
	uint8_t all_groups;

	k->entries = k->singles = 0;
	if (!take_list(chain, k, &k->all_single))
		return false;
	k->singles = k->entries;
	if (!take_list(chain, k, &all_groups))
		return false;
	k->filtered = !all_groups;
	return true;
}

static bool take_pairs(struct net_card *c, struct virtio_chain *chain, struct kept_net *k)
{
	uint16_t pairs;

	if (!(virtio_device_features(c->v) & VIRTIO_NET_F_MQ) ||
	    !virtio_chain_take(chain, &pairs, sizeof(pairs)) || pairs == 0 || pairs > NET_PAIRS)
		return false;
	k->pairs = (uint8_t)pairs;
	return true;
}

/* Does what the chain says behind its two bytes of class and command. */
static bool command(struct net_card *c, unsigned what, struct virtio_chain *chain)
{
	struct kept_net k = *net_card_kept(c);
	bool ok = false;

	switch (what) {
	case VIRTIO_NET_CTRL_PROMISC: ok = take_byte(chain, &k.promiscuous); break;
	case VIRTIO_NET_CTRL_ALLMULTI: ok = take_byte(chain, &k.all_groups); break;
	case VIRTIO_NET_CTRL_MAC_TABLE: ok = take_table(chain, &k); break;
	case VIRTIO_NET_CTRL_MAC_ADDR:
		ok = virtio_chain_take(chain, k.mac, NET_MAC);
		k.has_mac = 1;
		break;
	case VIRTIO_NET_CTRL_MQ_PAIRS: ok = take_pairs(c, chain, &k); break;
	}
	if (ok)
		state_write(c, &k);
	return ok;
}

static bool control_one(struct net_card *c, unsigned q)
{
	static struct virtio_chain chain;
	uint8_t *answer, what[2];
	uint16_t head;
	bool ok;

	if (!virtio_device_next(c->v, q, &head, &chain))
		return false;
	answer = virtio_chain_take_last(&chain);
	if (!answer || !virtio_chain_take(&chain, what, sizeof(what))) {
		virtio_device_parked(c->v);
		virtio_device_break(c->v, "a command without head or answer");
		return false;
	}
	ok = command(c, (unsigned)what[0] << 8 | what[1], &chain);
	*answer = ok ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
	virtio_device_complete(c->v, q, head, 1);
	return true;
}

void net_control_kick(struct net_card *c, unsigned q)
{
	for (unsigned budget = TURN_BUDGET; budget; budget--) {
		if (control_one(c, q))
			continue;
		if (!virtio_device_is_live(c->v) || !virtio_queue_rearm(&c->v->queue[q]))
			return;
	}
	virtio_port_again(c->v->kick_event[q]);
}

static bool is_in(const struct kept_net *k, unsigned from, unsigned to, const uint8_t *mac)
{
	for (unsigned i = from; i < MIN(to, (unsigned)NET_FILTER); i++)
		if (memcmp(k->table[i], mac, NET_MAC) == 0)
			return true;
	return false;
}

bool net_control_wants(const struct net_card *c, const uint8_t *destination)
{
	static const uint8_t everyone[NET_MAC] = { 255, 255, 255, 255, 255, 255 };
	const struct kept_net *k = net_card_kept(c);

	if (k->promiscuous)
		return true;
	if (destination[0] & 1)
		return k->all_groups || !k->filtered ||
		       memcmp(destination, everyone, NET_MAC) == 0 ||
		       is_in(k, k->singles, k->entries, destination);
	return k->all_single ||
	       memcmp(destination, k->has_mac ? k->mac : c->port.mac, NET_MAC) == 0 ||
	       is_in(k, 0, k->singles, destination);
}
