/*
 * The learning switch. Three kinds of address: those of the config belong to their port for good
 * and are not learned; those seen on the physical network cannot be taken over by a guest while
 * they are fresh; the rest stay with a port until they age. So no guest can have another's frames.
 *
 * The table is NET_SETS sets of NET_WAYS. A full set gives up what has aged, else an entry of the
 * same port, else its oldest: a guest that floods the switch with addresses takes by force one way
 * of each set. What is lost from the table is flooded, and each card drops what is not for it.
 */
#include "guests/service/net.h"

#include "guests/lib/boot.h"
#include "guests/lib/print.h"
#include "guests/service/net_offload.h"
#include "guests/service/virtio_port.h"
#include "lib/bits.h"
#include "lib/string.h"

#define NET_PORTS 32
#define NET_SETS  64
#define NET_WAYS  4
#define AGE_NS    60000000000ul

struct learned {
	uint64_t mac;
	struct net_port *port; /* NULL: free */
	uint64_t seen;
};

struct net_switch {
	struct net_port *port[NET_PORTS];
	uint64_t mac[NET_PORTS]; /* the ports' own */
	unsigned ports;
	struct learned set[NET_SETS][NET_WAYS];
};

static struct net_switch switches[HV_BOOT_BRIDGES];

/* An address as a number, its first byte lowest. */
static uint64_t mac_of(const uint8_t *bytes)
{
	uint64_t mac = 0;

	memcpy(&mac, bytes, NET_MAC);
	return mac;
}

static bool is_group(uint64_t mac)
{
	return mac & 1;
}

struct net_switch *net_switch_of(unsigned i)
{
	return i < MIN(boot->bridges, HV_BOOT_BRIDGES) ? &switches[i] : NULL;
}

const struct net_port *net_port_of(const struct net_switch *s, unsigned i)
{
	return i < s->ports ? s->port[i] : NULL;
}

bool net_learned(const struct net_switch *s, unsigned *at, uint8_t mac[NET_MAC],
		 const struct net_port **port)
{
	while (*at < NET_SETS * NET_WAYS) {
		const struct learned *e = &s->set[*at / NET_WAYS][*at % NET_WAYS];

		++*at;
		if (!e->port)
			continue;
		memcpy(mac, &e->mac, NET_MAC);
		*port = e->port;
		return true;
	}
	return false;
}

bool net_attach(struct net_switch *s, struct net_port *p)
{
	if (s->ports == NET_PORTS)
		return false;
	p->to = s;
	s->mac[s->ports] = mac_of(p->mac);
	s->port[s->ports++] = p;
	return true;
}

static void forget(struct net_switch *s, const struct net_port *p)
{
	for (unsigned i = 0; i < NET_SETS * NET_WAYS; i++)
		if (s->set[i / NET_WAYS][i % NET_WAYS].port == p)
			s->set[i / NET_WAYS][i % NET_WAYS].port = NULL;
}

void net_detach(struct net_port *p)
{
	struct net_switch *s = p->to;

	for (unsigned i = 0; s && i < s->ports; i++) {
		if (s->port[i] != p)
			continue;
		s->ports--;
		s->port[i] = s->port[s->ports];
		s->mac[i] = s->mac[s->ports];
		forget(s, p);
	}
	p->to = NULL;
}

void net_copy(const struct net_frame *f, uint32_t at, void *buf, uint32_t bytes)
{
	uint8_t *to = buf;

	for (unsigned i = 0; bytes; i++) {
		const struct window_part *p = &f->part[i];
		uint32_t n;

		if (at >= p->bytes) {
			at -= p->bytes;
			continue;
		}
		n = MIN(bytes, p->bytes - at);
		memcpy(to, p->base + at, n);
		to += n;
		bytes -= n;
		at = 0;
	}
}

static struct net_port *configured(const struct net_switch *s, uint64_t mac)
{
	for (unsigned i = 0; i < s->ports; i++)
		if (s->mac[i] == mac)
			return s->port[i];
	return NULL;
}

static struct learned *set_of(struct net_switch *s, uint64_t mac)
{
	return s->set[mac * 0x9e3779b97f4a7c15ull >> 58]; /* NET_SETS = 2^6 */
}

static struct learned *find(struct net_switch *s, uint64_t mac)
{
	struct learned *set = set_of(s, mac);

	for (unsigned i = 0; i < NET_WAYS; i++)
		if (set[i].port && set[i].mac == mac)
			return &set[i];
	return NULL;
}

static bool is_old(const struct learned *e, uint64_t now)
{
	return !e->port || now - e->seen > AGE_NS;
}

static struct learned *victim(struct learned *set, const struct net_port *p, uint64_t now)
{
	struct learned *oldest = set;

	for (unsigned i = 0; i < NET_WAYS; i++)
		if (is_old(&set[i], now))
			return &set[i];
	for (unsigned i = 0; i < NET_WAYS; i++)
		if (set[i].port == p)
			return &set[i];
	for (unsigned i = 1; i < NET_WAYS; i++)
		if (set[i].seen < oldest->seen)
			oldest = &set[i];
	return oldest;
}

static void learn(struct net_switch *s, struct net_port *p, uint64_t mac)
{
	struct learned *e = find(s, mac);
	uint64_t now = virtio_port_now();

	if (!e)
		e = victim(set_of(s, mac), p, now);
	else if (e->port != p && !is_old(e, now) && !p->uplink)
		return;
	*e = (struct learned){ mac, p, now };
}

static struct net_port *destination(struct net_switch *s, uint64_t mac)
{
	struct net_port *p = configured(s, mac);
	struct learned *e;

	if (p || is_group(mac))
		return p;
	e = find(s, mac);
	return e ? e->port : NULL;
}

static void give_complete(void *arg, const struct net_frame *f)
{
	struct net_port *p = arg;

	if (!p->send(p, f)) {
		p->lost++;
		return;
	}
	p->frames_out++;
	p->bytes_out += f->bytes;
}

static void give(struct net_port *p, const struct net_frame *f)
{
	if (!(net_offload_needs(f) & ~p->takes))
		give_complete(p, f);
	else if (!net_offload_finish(f, give_complete, p))
		p->lost++;
}

static void refuse(struct net_port *p, const char *why)
{
	p->refused++;
	if (!p->warned)
		print("%s: sends %s: dropped\n", p->name, why);
	p->warned = true;
}

/* True if a frame from p may have this source; it is learned then. */
static bool source_is_good(struct net_switch *s, struct net_port *p, uint64_t mac)
{
	struct net_port *owner = configured(s, mac);

	if (is_group(mac) || (owner && owner != p)) {
		refuse(p, "frames with an address that is not its own");
		return false;
	}
	if (!owner)
		learn(s, p, mac);
	return true;
}

void net_receive(struct net_port *p, const struct net_frame *f)
{
	struct net_switch *s = p->to;
	uint8_t header[NET_HEADER];
	struct net_port *to;

	if (!s)
		return;
	if (!net_offload_check(f)) {
		refuse(p, "frames of a size or form that cannot be");
		return;
	}
	net_copy(f, 0, header, sizeof(header));
	if (!source_is_good(s, p, mac_of(header + NET_MAC)))
		return;
	p->frames_in++;
	p->bytes_in += f->bytes;
	to = destination(s, mac_of(header));
	if (to && to != p)
		give(to, f);
	for (unsigned i = 0; !to && i < s->ports; i++)
		if (s->port[i] != p)
			give(s->port[i], f);
}
