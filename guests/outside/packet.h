/*
 * The two kinds of packet with which a guest sees whether there is a world behind its network: who
 * has this address (ARP, RFC 826), and echo (ICMP in IPv4, RFC 792), with contents that follow from
 * its number.
 */
#ifndef GUESTS_OUTSIDE_PACKET_H
#define GUESTS_OUTSIDE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#define PACKET_MAC  6
#define PACKET_MAX  1514u
#define PACKET_ARP  42u
#define PACKET_ECHO 42u /* and contents */

/* Who speaks to whom; a MAC is all ones until it is known. */
struct parties {
	uint8_t mac[PACKET_MAC], peer_mac[PACKET_MAC];
	uint32_t ip, peer_ip; /* 0x0a00020f: 10.0.2.15 */
};

/* Each fills buf, of PACKET_MAX bytes, and returns the packet's length. */
uint32_t packet_arp_request(uint8_t *buf, const struct parties *p);
uint32_t packet_echo_request(uint8_t *buf, const struct parties *p, uint16_t number);

/* True if it is the peer's answer to the first of these; its MAC is in *p then. */
bool packet_is_arp_answer(const uint8_t *buf, uint32_t bytes, struct parties *p);

enum packet_echo { PACKET_OTHER, PACKET_RIGHT, PACKET_WRONG };

/* Whether it is the peer's answer to an echo request, with the contents of its number. */
enum packet_echo packet_echo_answer(const uint8_t *buf, uint32_t bytes, const struct parties *p,
				    uint16_t *number);

#endif
