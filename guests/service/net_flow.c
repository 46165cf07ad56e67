/*
 * Which connection a frame belongs to, as a small number: addresses and ports, each combined so
 * that the answer's number is that of the question.
 */
#include "guests/service/net_card.h"

#include "lib/bits.h"
#include "lib/string.h"

#define BYTES (NET_HEADER + 40 + 4) /* as far as the ports of TCP over IPv6 */

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t ports(const uint8_t *header, unsigned at, uint8_t protocol)
{
	uint32_t both;

	if ((protocol != 6 && protocol != 17) || at + 4 > BYTES)
		return 0;
	both = word(header + at);
	return (both ^ both >> 16) & 0xffff;
}

unsigned net_flow_hash(const struct net_frame *f)
{
	uint8_t h[BYTES] = { 0 };
	const uint8_t *ip = h + NET_HEADER;
	uint32_t x = 0;

	net_copy(f, 0, h, MIN(f->bytes, (uint32_t)BYTES));
	if (h[12] == 0x08 && h[13] == 0x00) {
		x = word(ip + 12) ^ word(ip + 16);
		x ^= ports(h, NET_HEADER + (ip[0] & 15) * 4u, ip[9]);
	} else if (h[12] == 0x86 && h[13] == 0xdd) {
		for (unsigned i = 8; i < 40; i += 4)
			x ^= word(ip + i);
		x ^= ports(h, NET_HEADER + 40, ip[6]);
	}
	return x * 0x9e3779b1u >> 26; /* NET_FLOWS = 2^6 */
}
