/*
 * See evil.h.
 */
#include "guests/nettest/evil.h"

#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "lib/string.h"

#define WAIT_NS (2000 * NS_PER_MS)

static struct frame frame;

/* Sends when there is room. */
static void send(struct virtio_net *net)
{
	uint64_t end = time_after(WAIT_NS);

	while (!virtio_net_send(net, &frame, FRAME_LEAST) && rdtsc() < end)
		cpu_relax();
}

void evil_spoof(struct virtio_net *net, unsigned times)
{
	uint8_t from[6] = { 2 };

	for (unsigned i = 0; i < times; i++) {
		memset(frame.to, 0xff, sizeof(frame.to));
		from[4] = 0;
		from[5] = (uint8_t)(1 + i % 2);
		frame_fill(&frame, from, 0);
		frame.serial = ~0ull;
		send(net);
		from[4] = (uint8_t)(1 + i / 256);
		from[5] = (uint8_t)i;
		frame_fill(&frame, from, 0);
		memset(frame.to, 0xfe, sizeof(frame.to)); /* nobody's */
		send(net);
	}
}

bool evil_loop(struct virtio_net *net)
{
	struct virtio_net_queue *q = &net->tx;
	uint64_t end = time_after(WAIT_NS);

	q->desc[0].flags = 1; /* and a next one: itself */
	q->desc[0].next = 0;
	q->avail.ring[q->avail.index % VIRTIO_NET_BUFFERS] = 0;
	__atomic_store_n(&q->avail.index, (uint16_t)(q->avail.index + 1), __ATOMIC_RELEASE);
	virtio_bell_ring(&q->bell);
	while (!virtio_net_is_broken(net) && rdtsc() < end)
		cpu_relax();
	return virtio_net_is_broken(net);
}
