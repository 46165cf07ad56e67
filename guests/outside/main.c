/*
 * Asks the gateway of its network, 10.0.2.2 as emulators have it, for echoes, one after another:
 * what it sends goes over a physical card and back. What is not answered in time is asked again:
 * the service domain may die meanwhile.
 *
 *   pings=N   how many (100)
 *   host=N    its own address, 10.0.2.N (15)
 *
 * The last line is `NAME: outside ok, N pings, A again`, or `NAME: OUTSIDE BAD` and why.
 */
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/pci.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "guests/lib/virtio_net.h"
#include "guests/outside/packet.h"
#include "lib/string.h"

#define VECTOR_NET   0x40
#define VECTOR_TIMER 0x41
#define NETWORK      0x0a000200u
#define GATEWAY      2u
#define AGAIN_NS     (200 * NS_PER_MS)
#define GIVE_UP      300u /* tries */
#define STEPS        10

static struct virtio_net net;
static struct parties parties = { .peer_mac = { 255, 255, 255, 255, 255, 255 } };
static uint8_t out[PACKET_MAX], in[PACKET_MAX];
static uint64_t again, wrong;
static bool gateway_known;
static uint16_t answered; /* the last number */

static void timer(struct trap_frame *frame, void *arg)
{
	apic_eoi();
}

static void take(uint32_t bytes)
{
	uint16_t number;

	gateway_known |= packet_is_arp_answer(in, bytes, &parties);
	switch (packet_echo_answer(in, bytes, &parties, &number)) {
	case PACKET_OTHER: break;
	case PACKET_WRONG: wrong++; break;
	case PACKET_RIGHT: answered = number; break;
	}
}

/* Sends `out` until done() says so. False: nobody answers. */
static bool insist(uint32_t bytes, bool (*done)(uint16_t number), uint16_t number)
{
	for (unsigned try = 0; try < GIVE_UP && !virtio_net_is_broken(&net); try++) {
		uint64_t end = time_after(AGAIN_NS);
		uint32_t got;

		again += try > 0;
		virtio_net_send(&net, out, bytes);
		while (rdtsc() < end) {
			while ((got = virtio_net_receive(&net, in)) != 0)
				take(got);
			if (done(number))
				return true;
			apic_timer_oneshot(VECTOR_TIMER, AGAIN_NS);
			irq_wait();
		}
	}
	return false;
}

static bool has_gateway(uint16_t number)
{
	return gateway_known;
}

static bool has_answer(uint16_t number)
{
	return answered == number;
}

static const char *ping_all(uint16_t pings)
{
	if (!insist(packet_arp_request(out, &parties), has_gateway, 0))
		return "nobody has the gateway's address";
	print("%s: the gateway is %02x:%02x:%02x:%02x:%02x:%02x\n", boot->name, parties.peer_mac[0],
	      parties.peer_mac[1], parties.peer_mac[2], parties.peer_mac[3], parties.peer_mac[4],
	      parties.peer_mac[5]);
	again = 0;
	for (uint16_t n = 1; n <= pings; n++) {
		if (!insist(packet_echo_request(out, &parties, n), has_answer, n))
			return "no answer";
		if (n % MAX(pings / STEPS, 1) == 0)
			print("%s: %u of %u pings\n", boot->name, n, pings);
	}
	return wrong ? "answers that were not asked for so" : NULL;
}

static const char *open_card(void)
{
	unsigned function = pci_find(VIRTIO_NET_VENDOR, VIRTIO_NET_DEVICE, 0);

	return function == PCI_NONE ? "no card" : virtio_net_open(&net, function, VECTOR_NET);
}

int main(void)
{
	uint16_t pings = (uint16_t)boot_number("pings", 100);
	const char *why;

	apic_init(false);
	trap_bind(VECTOR_TIMER, timer, NULL);
	parties.ip = NETWORK | (boot_number("host", 15) & 0xff);
	parties.peer_ip = NETWORK | GATEWAY;
	why = open_card();
	memcpy(parties.mac, net.mac, PACKET_MAC);
	if (!why)
		why = ping_all(pings);
	if (why)
		print("%s: OUTSIDE BAD: %s\n", boot->name, why);
	else
		print("%s: outside ok, %u pings, %lu again\n", boot->name, pings, again);
	return why != NULL;
}
