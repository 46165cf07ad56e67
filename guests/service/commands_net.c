/*
 * The verb `net`: the ports of each bridge with what went through them since this instance began,
 * and the addresses that its switch has learned.
 */
#include "guests/service/commands.h"

#include "guests/lib/boot.h"
#include "guests/service/net.h"
#include "lib/format.h"

static const struct answer_column ports[] = {
	{ "bridge", "BRIDGE", -15, ANSWER_PLAIN }, { "address", "ADDRESS", -17, ANSWER_PLAIN },
	{ "in", "IN", 10, ANSWER_PLAIN },          { "in_bytes", "IN", 12, ANSWER_KIB },
	{ "out", "OUT", 10, ANSWER_PLAIN },        { "out_bytes", "OUT", 12, ANSWER_KIB },
	{ "lost", "LOST", 8, ANSWER_PLAIN },       { "refused", "REFUSED", 8, ANSWER_PLAIN },
	{ "port", "PORT", -20, ANSWER_PLAIN },     { 0 },
};

static const struct answer_column learned[] = {
	{ "bridge", "BRIDGE", -15, ANSWER_PLAIN },
	{ "address", "LEARNED", -17, ANSWER_PLAIN },
	{ "port", "PORT", -20, ANSWER_PLAIN },
	{ 0 },
};

static void show_mac(struct answer *a, const uint8_t mac[NET_MAC])
{
	char text[18];

	(void)format(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		     mac[3], mac[4], mac[5]);
	answer_text(a, text);
}

static void show_port(struct answer *a, const char *bridge, const struct net_port *p)
{
	answer_row(a);
	answer_text(a, bridge);
	show_mac(a, p->mac);
	answer_number(a, p->frames_in);
	answer_number(a, p->bytes_in);
	answer_number(a, p->frames_out);
	answer_number(a, p->bytes_out);
	answer_number(a, p->lost);
	answer_number(a, p->refused);
	answer_text(a, p->name);
}

static void show_ports(struct answer *a)
{
	const struct net_switch *s;
	const struct net_port *p;

	answer_table(a, "ports", ports);
	for (unsigned i = 0; (s = net_switch_of(i)) != NULL; i++)
		for (unsigned j = 0; (p = net_port_of(s, j)) != NULL; j++)
			show_port(a, boot->bridge[i].name, p);
	answer_end(a);
}

void command_net(struct answer *a, const struct request *r, int detail)
{
	const struct net_switch *s;
	const struct net_port *p;
	uint8_t mac[NET_MAC];

	show_ports(a);
	answer_table(a, "learned", learned);
	for (unsigned i = 0; (s = net_switch_of(i)) != NULL; i++) {
		for (unsigned at = 0; net_learned(s, &at, mac, &p);) {
			answer_row(a);
			answer_text(a, boot->bridge[i].name);
			show_mac(a, mac);
			answer_text(a, p->name);
		}
	}
	answer_end(a);
}
