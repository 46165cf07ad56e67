/*
 * See packet.h. Offsets are from the beginning of the Ethernet frame.
 */
#include "guests/outside/packet.h"

#include "lib/string.h"

#define TYPE_ARP 0x0806u
#define TYPE_IP  0x0800u

/* ARP: kinds and lengths of addresses, what it is, and two pairs of addresses. */
#define ARP_KINDS   14
#define ARP_WHAT    20
#define ARP_SENDER  22
#define ARP_TARGET  32
#define ARP_REQUEST 1u
#define ARP_ANSWER  2u

#define IP_AT       14
#define IP_LENGTH   16
#define IP_TTL      22
#define IP_SUM      24
#define IP_FROM     26
#define IP_TO       30
#define IP_BYTES    20u
#define IP_VERSION  0x4500u /* 4, header of five words */
#define IP_TTL_ICMP 0x4001u /* 64 hops */

#define ICMP_AT     34
#define ICMP_SUM    36
#define ICMP_ID     38
#define ICMP_NUMBER 40
#define ICMP_DATA   42
#define ICMP_ASK    0x0800u
#define ICMP_ANSWER 0x0000u
#define ID          0x424bu

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

/* RFC 1071. */
static uint32_t checksum(const uint8_t *at, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++)
		sum += i & 1 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void put_header(uint8_t *buf, const struct parties *p, uint32_t type)
{
	memcpy(buf, p->peer_mac, PACKET_MAC);
	memcpy(buf + PACKET_MAC, p->mac, PACKET_MAC);
	put16(buf + 2 * PACKET_MAC, type);
}

uint32_t packet_arp_request(uint8_t *buf, const struct parties *p)
{
	put_header(buf, p, TYPE_ARP);
	put32(buf + ARP_KINDS, 0x00010800); /* Ethernet, IPv4 */
	put32(buf + ARP_KINDS + 4, 0x06040000 | ARP_REQUEST);
	memcpy(buf + ARP_SENDER, p->mac, PACKET_MAC);
	put32(buf + ARP_SENDER + PACKET_MAC, p->ip);
	memset(buf + ARP_TARGET, 0, PACKET_MAC);
	put32(buf + ARP_TARGET + PACKET_MAC, p->peer_ip);
	return PACKET_ARP;
}

bool packet_is_arp_answer(const uint8_t *buf, uint32_t bytes, struct parties *p)
{
	if (bytes < PACKET_ARP || get16(buf + 12) != TYPE_ARP ||
	    get16(buf + ARP_WHAT) != ARP_ANSWER)
		return false;
	if (get32(buf + ARP_SENDER + PACKET_MAC) != p->peer_ip)
		return false;
	memcpy(p->peer_mac, buf + ARP_SENDER, PACKET_MAC);
	return true;
}

/* Of every length up to the longest. */
static uint32_t contents_bytes(uint16_t number)
{
	return number * 631u % (PACKET_MAX - PACKET_ECHO + 1);
}

static uint8_t contents(uint16_t number, uint32_t i)
{
	return (uint8_t)((number + i * 167u) * 2654435761u >> 24);
}

uint32_t packet_echo_request(uint8_t *buf, const struct parties *p, uint16_t number)
{
	uint32_t n = contents_bytes(number), bytes = PACKET_ECHO + n;

	memset(buf, 0, PACKET_ECHO);
	put_header(buf, p, TYPE_IP);
	put16(buf + IP_AT, IP_VERSION);
	put16(buf + IP_LENGTH, bytes - IP_AT);
	put16(buf + IP_TTL, IP_TTL_ICMP);
	put32(buf + IP_FROM, p->ip);
	put32(buf + IP_TO, p->peer_ip);
	put16(buf + IP_SUM, checksum(buf + IP_AT, IP_BYTES));
	put16(buf + ICMP_AT, ICMP_ASK);
	put16(buf + ICMP_ID, ID);
	put16(buf + ICMP_NUMBER, number);
	for (uint32_t i = 0; i < n; i++)
		buf[ICMP_DATA + i] = contents(number, i);
	put16(buf + ICMP_SUM, checksum(buf + ICMP_AT, bytes - ICMP_AT));
	return bytes;
}

enum packet_echo packet_echo_answer(const uint8_t *buf, uint32_t bytes, const struct parties *p,
				    uint16_t *number)
{
	uint32_t n;

	if (bytes < PACKET_ECHO || get16(buf + 12) != TYPE_IP || get16(buf + IP_AT) != IP_VERSION ||
	    buf[IP_TTL + 1] != (IP_TTL_ICMP & 0xff) || get32(buf + IP_FROM) != p->peer_ip ||
	    get16(buf + ICMP_AT) != ICMP_ANSWER || get16(buf + ICMP_ID) != ID)
		return PACKET_OTHER;
	*number = (uint16_t)get16(buf + ICMP_NUMBER);
	n = contents_bytes(*number);
	/* A short frame is padded on its way. */
	if (get16(buf + IP_LENGTH) != PACKET_ECHO - IP_AT + n || bytes < PACKET_ECHO + n)
		return PACKET_WRONG;
	for (uint32_t i = 0; i < n; i++)
		if (buf[ICMP_DATA + i] != contents(*number, i))
			return PACKET_WRONG;
	return checksum(buf + ICMP_AT, 8 + n) ? PACKET_WRONG : PACKET_RIGHT;
}
