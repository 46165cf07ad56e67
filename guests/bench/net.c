/*
 * A network frame on its way to another guest through the switch of the service domain, from its
 * driver here until the driver there has copied it out. The other one sends it back, and each way
 * counts as a round: one by one, and with DEEP frames under way.
 */
#include "guests/bench/net.h"

#include <stddef.h>

#include "guests/bench/bench.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "lib/string.h"

#define DEEP  32
#define TRIES 200 /* 1 ms each, until the other guest answers */

static struct virtio_net net;
static bool is_found;
static struct net_frame out = { .to = { 255, 255, 255, 255, 255, 255 },
				.type = { 0x88, 0xb5 }, /* local experiments, IEEE 802 */
				.kind = NET_FORTH };
static struct net_frame in;

/* The other guest answers a broadcast. */
static bool find_peer(void)
{
	memcpy(out.from, net.mac, sizeof(out.from));
	for (unsigned i = 0; i < TRIES; i++) {
		virtio_net_send(&net, &out, 64);
		hv_event_wait(time_after(NS_PER_MS));
		if (!virtio_net_receive(&net, &in))
			continue;
		while (virtio_net_receive(&net, &in))
			;
		memcpy(out.to, in.from, sizeof(out.to));
		return true;
	}
	return false;
}

static const char *use_net(void)
{
	const char *why;

	if (is_found)
		return NULL;
	why = net_open(&net);
	if (why)
		return why;
	is_found = find_peer();
	return is_found ? NULL : "nobody answers";
}

/* `ways` frames, half of them coming back, with at most `depth` under way. */
static void exchange(unsigned ways, unsigned depth, uint32_t bytes)
{
	unsigned sent = 0, back = 0;

	while (back < ways / 2) {
		while (sent < ways / 2 && sent - back < depth)
			sent += virtio_net_send(&net, &out, bytes);
		if (virtio_net_receive(&net, &in))
			back++;
		else
			irq_wait();
	}
}

static void run_64(unsigned ways)
{
	exchange(ways, 1, 64);
}

static void run_64_deep(unsigned ways)
{
	exchange(ways, DEEP, 64);
}

static void run_1500(unsigned ways)
{
	exchange(ways, 1, 1500);
}

static void run_1500_deep(unsigned ways)
{
	exchange(ways, DEEP, 1500);
}

void net_bye(void)
{
	out.kind = NET_BYE;
	if (is_found)
		virtio_net_send(&net, &out, 64);
}

const struct path net_paths[] = {
	{ "frame-64", use_net, run_64, 0, NULL },
	{ "frame-64-deep", use_net, run_64_deep, 8 * DEEP, NULL },
	{ "frame-1500", use_net, run_1500, 0, NULL },
	{ "frame-1500-deep", use_net, run_1500_deep, 8 * DEEP, NULL },
	{ NULL, NULL, NULL, 0, NULL },
};
