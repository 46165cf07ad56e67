/*
 * Checksum completion (RFC 1071) and segmentation of TCP over IPv4 and IPv6. The headers are copied
 * once and then checked; a guest that changes its frame meanwhile only spoils its own payload.
 */
#include "guests/service/net_offload.h"

#include "lib/bits.h"
#include "lib/string.h"

#define TYPE_AT     12
#define TYPE_IP4    0x0800
#define TYPE_IP6    0x86dd
#define TYPE_VLAN   0x8100
#define VLAN_BYTES  4
#define IP4_BYTES   20
#define IP6_BYTES   40
#define TCP_BYTES   20
#define TCP_CSUM    16
#define PROTO_TCP   6
#define HEADERS_MAX (NET_HEADER + VLAN_BYTES + 60 + 60) /* link, IP, TCP */

#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80

/* Where the headers of a frame lie that is to be cut. */
struct layout {
	uint32_t ip, tcp, payload;
	bool six;
	uint8_t header[HEADERS_MAX];
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* Adds the 16-bit words of a buffer, as they lie in memory, to a sum that is not yet folded. */
static uint64_t sum_add(uint64_t sum, const uint8_t *p, uint32_t bytes)
{
	for (; bytes >= 4; p += 4, bytes -= 4) {
		uint32_t word;

		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	for (unsigned shift = 0; bytes; bytes--, shift += 8)
		sum += (uint64_t)*p++ << shift;
	return sum;
}

/* The checksum to be stored; 0 is written as its other form, since UDP takes 0 for "none". */
static void sum_put(uint8_t *at, uint64_t sum)
{
	uint16_t folded;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	folded = (uint16_t)~sum;
	if (folded == 0)
		folded = 0xffff;
	memcpy(at, &folded, sizeof(folded));
}

static bool ip4_is_sound(const struct layout *l, uint32_t have)
{
	const uint8_t *ip = l->header + l->ip;

	return l->ip + IP4_BYTES <= have && ip[0] >> 4 == 4 && (ip[0] & 15) * 4 >= IP4_BYTES &&
	       l->tcp == l->ip + (ip[0] & 15) * 4u && ip[9] == PROTO_TCP &&
	       (get16(ip + 6) & 0x3fff) == 0;
}

static bool ip6_is_sound(const struct layout *l, uint32_t have)
{
	const uint8_t *ip = l->header + l->ip;

	return l->ip + IP6_BYTES <= have && ip[0] >> 4 == 6 && ip[6] == PROTO_TCP &&
	       l->tcp == l->ip + IP6_BYTES;
}

/* Finds the headers; false if they are not those of one TCP segment after which payload follows. */
static bool layout_read(struct layout *l, const struct net_frame *f)
{
	const struct net_offload *o = &f->offload;
	uint32_t have = MIN(f->bytes, (uint32_t)HEADERS_MAX);
	uint16_t type;

	net_copy(f, 0, l->header, have);
	type = get16(l->header + TYPE_AT);
	l->ip = NET_HEADER;
	if (type == TYPE_VLAN && have >= NET_HEADER + VLAN_BYTES) {
		l->ip += VLAN_BYTES;
		type = get16(l->header + TYPE_AT + VLAN_BYTES);
	}
	l->tcp = o->csum_start;
	l->six = o->gso_type == NET_GSO_TCP6;
	if (type != (l->six ? TYPE_IP6 : TYPE_IP4) || o->csum_offset != TCP_CSUM)
		return false;
	if (!(l->six ? ip6_is_sound(l, have) : ip4_is_sound(l, have)) || l->tcp + TCP_BYTES > have)
		return false;
	l->payload = l->tcp + (l->header[l->tcp + 12] >> 4) * 4u;
	return l->payload >= l->tcp + TCP_BYTES && l->payload <= have && l->payload < f->bytes &&
	       o->gso_size && l->payload + o->gso_size <= NET_FRAME;
}

bool net_offload_check(const struct net_frame *f)
{
	const struct net_offload *o = &f->offload;
	bool csum = o->flags & NET_OFFLOAD_CSUM;
	struct layout l;

	if (f->bytes < NET_HEADER)
		return false;
	if (csum &&
	    (o->csum_start < NET_HEADER || (uint32_t)o->csum_start + o->csum_offset + 2 > f->bytes))
		return false;
	if (o->gso_type == NET_GSO_NONE)
		return f->bytes <= NET_FRAME;
	return csum && f->bytes <= NET_FRAME_MAX &&
	       (o->gso_type == NET_GSO_TCP4 || o->gso_type == NET_GSO_TCP6) && layout_read(&l, f);
}

uint32_t net_offload_needs(const struct net_frame *f)
{
	uint32_t needs = f->offload.flags & NET_OFFLOAD_CSUM ? NET_TAKES_CSUM : 0;

	if (f->offload.gso_type == NET_GSO_TCP4)
		needs |= NET_TAKES_TSO4;
	else if (f->offload.gso_type == NET_GSO_TCP6)
		needs |= NET_TAKES_TSO6;
	return needs;
}

/* Lengths and identification of segment number i, `bytes` long in all; the IPv4 checksum. */
static void ip_write(const struct layout *l, uint8_t *frame, uint32_t bytes, uint32_t i)
{
	uint8_t *ip = frame + l->ip;

	if (l->six) {
		put16(ip + 4, bytes - l->tcp);
		return;
	}
	put16(ip + 2, bytes - l->ip);
	put16(ip + 4, get16(ip + 4) + i);
	put16(ip + 10, 0);
	sum_put(ip + 10, sum_add(0, ip, l->tcp - l->ip));
}

/* Pseudo header (RFC 9293 3.1, RFC 8200 8.1), header and payload. */
static void tcp_checksum(const struct layout *l, uint8_t *frame, uint32_t bytes)
{
	uint8_t *tcp = frame + l->tcp;
	uint8_t pseudo[4] = { 0, PROTO_TCP };
	uint64_t sum;

	put16(pseudo + 2, bytes - l->tcp);
	put16(tcp + TCP_CSUM, 0);
	sum = sum_add(0, pseudo, sizeof(pseudo));
	sum = sum_add(sum, frame + l->ip + (l->six ? 8 : 12), l->six ? 32 : 8);
	sum_put(tcp + TCP_CSUM, sum_add(sum, tcp, bytes - l->tcp));
}

/* Sequence number, and the flags that belong to the first or the last segment only. */
static void tcp_write(const struct layout *l, uint8_t *frame, uint32_t sent, bool last)
{
	uint8_t *tcp = frame + l->tcp;

	put32(tcp + 4, get32(tcp + 4) + sent);
	if (sent)
		tcp[13] &= (uint8_t)~TCP_CWR;
	if (!last)
		tcp[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

static bool segment_all(const struct net_frame *f, uint8_t *buf,
			void (*emit)(void *arg, const struct net_frame *f), void *arg)
{
	uint32_t size = f->offload.gso_size, left;
	struct layout l;

	if (!layout_read(&l, f))
		return false;
	left = f->bytes - l.payload;
	if (left > size * NET_SEGMENTS)
		return false;
	for (uint32_t i = 0, sent = 0; left; i++) {
		uint32_t n = MIN(left, size);
		struct window_part part = { buf, l.payload + n };
		struct net_frame out = { .part = &part, .parts = 1, .bytes = part.bytes };

		memcpy(buf, l.header, l.payload);
		net_copy(f, l.payload + sent, buf + l.payload, n);
		left -= n;
		ip_write(&l, buf, out.bytes, i);
		tcp_write(&l, buf, sent, !left);
		tcp_checksum(&l, buf, out.bytes);
		emit(arg, &out);
		sent += n;
	}
	return true;
}

bool net_offload_finish(const struct net_frame *f,
			void (*emit)(void *arg, const struct net_frame *f), void *arg)
{
	static uint8_t buf[NET_FRAME];
	const struct net_offload *o = &f->offload;
	struct window_part part = { buf, f->bytes };
	struct net_frame out = { .part = &part, .parts = 1, .bytes = f->bytes };

	if (o->gso_type != NET_GSO_NONE)
		return segment_all(f, buf, emit, arg);
	net_copy(f, 0, buf, f->bytes);
	sum_put(buf + o->csum_start + o->csum_offset,
		sum_add(0, buf + o->csum_start, f->bytes - o->csum_start));
	emit(arg, &out);
	return true;
}
