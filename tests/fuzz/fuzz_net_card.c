// sources: guests/service/net_card.c guests/service/net_card_rx.c guests/service/net_control.c
// sources: guests/service/net_flow.c guests/service/net_switch.c guests/service/net_offload.c
// sources: guests/service/rate.c guests/service/kept.c lib/string.c lib/format.c
// sources: guests/service/virtio_device.c guests/service/virtio_common.c
// sources: guests/service/virtio_region.c guests/service/virtio_msix.c
// sources: guests/service/virtio_queue.c guests/service/virtio_chain.c
// sources: guests/service/inflight.c guests/service/window.c guests/service/kept_store.c
/*
 * Two hostile guests with network cards on one switch, and a port that listens: chains of any
 * parts, headers, commands, registers and doorbells in any order, with restarts of the service
 * domain between them. Each input is a list of eight-byte steps. Nothing leaves a guest's RAM,
 * nobody is given a frame that he does not take or one with an address of somebody else's.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "abi/hypercall.h"
#include "guests/lib/boot.h"
#include "guests/service/kept_store.h"
#include "guests/service/net_card.h"
#include "guests/service/net_offload.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio_fakes.h"

#define CARDS   2
#define RAM     0x5000u
#define QUEUE   8u
#define RING(q) ((q)*0x400u)
#define AVAIL   0x100u
#define USED    0x200u
#define DATA    0x2000u
#define STEPS   300

struct step {
	uint8_t op, bytes;
	uint16_t offset;
	uint32_t value;
};

static struct hv_boot page = { .bridges = 1 };
struct hv_boot *boot = &page;
static const struct hv_served served[CARDS] = {
	{ .guest = 1, .kind = HV_SERVED_NET, .mac = { 2, 0, 0, 0, 0, 1 } },
	{ .guest = 2, .kind = HV_SERVED_NET, .mac = { 2, 0, 0, 0, 0, 2 } },
};
static uint8_t kept[3 * KEPT_PAGE] ALIGNED(4096);
static uint8_t *ram[CARDS];
static struct window window[CARDS];
static struct virtio_device devices[CARDS];
static struct net_port listener;
static unsigned sender;

static bool listen(struct net_port *p, const struct net_frame *f)
{
	static uint8_t frame[NET_FRAME_MAX];
	const uint8_t *source = frame + NET_MAC;

	if (net_offload_needs(f) & ~p->takes || f->bytes < NET_HEADER || f->bytes > NET_FRAME)
		abort();
	net_copy(f, 0, frame, f->bytes);
	if (!memcmp(source, served[!sender].mac, NET_MAC) || !memcmp(source, p->mac, NET_MAC))
		abort();
	return true;
}

/* A restart: what the models remember goes, kept pages stay. Cards are counted for good, so theirs
   are used again. */
static void restart(void)
{
	static struct virtio_device fresh[CARDS];
	static struct net_card cards[CARDS];
	static bool made;
	bool found;

	for (unsigned i = 0; i < CARDS && !made; i++) {
		fresh[i] = (struct virtio_device){
			.window = &window[i], .guest_name = "guest", .guest = i + 1, .number = i
		};
		if (!net_card_init(&fresh[i], &served[i]))
			abort();
		cards[i] = *(struct net_card *)fresh[i].backend;
		cards[i].v = &devices[i];
	}
	made = true;
	memcpy(devices, fresh, sizeof(fresh));
	if (!kept_open(kept, sizeof(kept), CARDS))
		abort();
	for (unsigned i = 0; i < CARDS; i++) {
		struct virtio_device *v = &devices[i];

		*(struct net_card *)v->backend = cards[i];
		v->kept = kept_device(i, &served[i], v->model->queues, &found);
		for (unsigned q = 0; q < v->model->queues; q++)
			v->queue[q].kept = &v->kept->queue[q];
		if (found && v->kept->incarnation)
			virtio_device_recover(v);
		else
			virtio_device_power_on(v);
		v->kept->incarnation = 1;
	}
	kept_count_death();
}

/* A driver's start in one step; what it accepts of features are the step's bits. */
static void driver_start(struct virtio_device *v, uint32_t features)
{
	virtio_common_write(v, 20, 1, 0);
	virtio_common_write(v, 20, 1, 3);
	virtio_common_write(v, 8, 4, 0);
	virtio_common_write(v, 12, 4, features & v->offered);
	virtio_common_write(v, 8, 4, 1);
	virtio_common_write(v, 12, 4, VIRTIO_F_VERSION_1 >> 32);
	virtio_common_write(v, 20, 1, 11);
	for (unsigned q = 0; q < v->model->queues; q++) {
		virtio_common_write(v, 22, 2, q);
		virtio_common_write(v, 24, 2, QUEUE);
		virtio_common_write(v, 32, 8, RING(q));
		virtio_common_write(v, 40, 8, RING(q) + AVAIL);
		virtio_common_write(v, 48, 8, RING(q) + USED);
		virtio_common_write(v, 28, 2, 1);
	}
	virtio_common_write(v, 20, 1, 15);
}

static void offer(unsigned n, unsigned q, uint16_t head)
{
	uint16_t *avail = (uint16_t *)(ram[n] + RING(q) + AVAIL);

	avail[VIRTQ_RING_FIRST + avail[VIRTQ_RING_IDX] % QUEUE] = head;
	avail[VIRTQ_RING_IDX]++;
}

/* `bytes` at DATA as a chain of 1 to 4 parts from descriptor `head` on. */
static void chain(unsigned n, unsigned q, const struct step *s, uint32_t bytes)
{
	struct virtq_desc *d = (struct virtq_desc *)(ram[n] + RING(q));
	unsigned head = s->bytes & 4, parts = 1 + (s->bytes & 3);
	uint16_t flags = q % 2 || q == 4 ? 0 : VIRTQ_DESC_WRITE;

	for (unsigned i = 0; i < parts; i++) {
		bool last = i == parts - 1;

		d[head + i] =
			(struct virtq_desc){ DATA + i * (bytes / parts),
					     last ? bytes - i * (bytes / parts) : bytes / parts,
					     last ? flags : flags | VIRTQ_DESC_NEXT,
					     (uint16_t)(head + i + 1) };
	}
	offer(n, q, (uint16_t)head);
}

/* A frame that is nearly right: TCP over IPv4, to whom and how it is to be cut from the step. */
static void frame_offer(unsigned n, unsigned q, const struct step *s)
{
	struct virtio_net_header h = { .flags = s->value & 1,
				       .gso_type = s->value >> 1 & 1,
				       .gso_size = (uint16_t)(s->value >> 8 & 0x7ff),
				       .csum_start = 34,
				       .csum_offset = 16 };
	uint8_t *frame = ram[n] + DATA + sizeof(h);

	memcpy(ram[n] + DATA, &h, sizeof(h));
	memset(frame, 0, 64);
	memcpy(frame, s->value & 4 ? listener.mac : served[!n].mac, NET_MAC);
	memcpy(frame + NET_MAC, served[s->value & 8 ? !n : n].mac, NET_MAC);
	frame[12] = 8;
	frame[14] = 0x45;
	frame[23] = 6;
	frame[46] = 5 << 4;
	chain(n, q, s, sizeof(h) + s->offset % 0x1000);
}

/* Any command, with a list of any length: class and command from the step. */
static void command_offer(unsigned n, const struct step *s)
{
	struct virtq_desc *d = (struct virtq_desc *)(ram[n] + RING(4));

	ram[n][DATA] = s->value & 7;
	ram[n][DATA + 1] = s->value >> 3 & 7;
	memset(ram[n] + DATA + 2, 0, 64);
	ram[n][DATA + 2] = (uint8_t)(s->value >> 8);
	d[0] = (struct virtq_desc){ DATA, 2, VIRTQ_DESC_NEXT, 1 };
	d[1] = (struct virtq_desc){ DATA + 2, s->offset & 0x7ff, VIRTQ_DESC_NEXT, 2 };
	d[2] = (struct virtq_desc){ DATA + 0x2000, 1, VIRTQ_DESC_WRITE, 0 };
	offer(n, 4, 0);
}

static void step_do(const struct step *s)
{
	unsigned n = s->op >> 7, bytes = 1u << (s->bytes & 3);
	unsigned aligned = s->offset & ~(bytes - 1), q = s->value % NET_QUEUES;
	struct virtio_device *v = &devices[n];

	sender = n;
	switch (s->op & 15) {
	case 0: virtio_common_write(v, aligned & 63, bytes, s->value); break;
	case 1: virtio_region_write(v, aligned % VIRTIO_REGION_BYTES, bytes, s->value); break;
	case 2: (void)virtio_region_read(v, aligned % VIRTIO_REGION_BYTES, bytes); break;
	case 3: restart(); break;
	case 4: driver_start(v, s->value); break;
	case 5: chain(n, s->value & 2, s, s->offset % 0x2000); break;
	case 6:
	case 7:
	case 8:
		frame_offer(n, 1 + (s->op & 16 ? 2 : 0), s);
		virtio_device_kick(v, 1 + (s->op & 16 ? 2 : 0));
		break;
	case 9:
		command_offer(n, s);
		virtio_device_kick(v, 4);
		break;
	case 10:
	case 11: virtio_device_kick(v, q); break;
	default: memcpy(ram[n] + s->offset % (RAM - 4), &s->value, 4); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step s;

	for (unsigned i = 0; i < CARDS; i++) {
		struct window_extent all = { 0, RAM, ram[i] = calloc(1, RAM), HV_WINDOW_WRITE };

		window[i] = (struct window){ 0 };
		window_add(&window[i], &all);
	}
	memset(kept, 0, sizeof(kept));
	net_detach(&listener);
	listener = (struct net_port){ .mac = { 2, 0, 0, 0, 0, 3 }, .send = listen };
	restart();
	if (!net_attach(net_switch_of(0), &listener))
		abort();
	for (size_t i = 0; i < STEPS && (i + 1) * sizeof(s) <= size; i++) {
		memcpy(&s, data + i * sizeof(s), sizeof(s));
		step_do(&s);
	}
	for (unsigned i = 0; i < CARDS; i++)
		free(ram[i]);
	return 0;
}
