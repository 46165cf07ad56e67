/*
 * See vsock.h. A sender has at most one packet that is taken off its queue and not delivered; a
 * receiver that gets new buffers lets all senders try again. Nothing of this is kept: a packet that
 * was at work at a death is sent again, into a connection that is gone.
 */
#include "guests/service/vsock.h"

#include "guests/lib/boot.h"
#include "guests/lib/print.h"
#include "guests/service/commands.h"
#include "guests/service/virtio_port.h"
#include "guests/service/vsock_shell.h"
#include "lib/string.h"

#define RECEIVE     0u
#define TRANSMIT    1u
#define EVENTS      2u
#define VSOCKS      HV_BOOT_PEERS
#define TURN_BUDGET 4
#define PIECE       4096u /* bytes that go into one of the receiver's buffers, at most */

#define EVENT_TRANSPORT_RESET 0u

struct vsock {
	struct virtio_device *v;
	uint16_t cid;
	bool may_manage, told; /* the shell; told: that it may not */
	bool waits;            /* a packet was taken and is not delivered */
	bool reset_due;        /* an event that the guest has no buffer for yet */
	uint16_t head;
	uint32_t spoken; /* bits of vsocks[]: whom it sent to or had from */
	struct vsock_header header;
	struct virtio_chain chain; /* what is left of it */
};

static struct vsock vsocks[VSOCKS];
static unsigned vsock_count;

static struct vsock *find(uint64_t cid)
{
	for (unsigned i = 0; i < vsock_count; i++)
		if (vsocks[i].cid == cid && virtio_device_is_live(vsocks[i].v))
			return &vsocks[i];
	return NULL;
}

/* The next buffer of a receiver. False: it has none, and says when it has. */
static bool next_buffer(struct vsock *to, uint16_t *head, struct virtio_chain *chain)
{
	struct virtio_queue *q = &to->v->queue[RECEIVE];

	while (!virtio_device_next(to->v, RECEIVE, head, chain))
		if (!virtio_device_is_live(to->v) || !q->live || !virtio_queue_rearm(q))
			return false;
	if (chain->writable_bytes > sizeof(struct vsock_header))
		return true;
	virtio_device_parked(to->v);
	virtio_device_break(to->v, "a buffer without room for a header");
	return false;
}

/* The next piece of a packet: its header, and as much of what follows, in `data` or as `text`, as
   goes into a buffer of the receiver. Returns the bytes of data that are gone, -1: it has no
   buffer. */
static int64_t put_piece(struct vsock *to, const struct vsock_header *header,
			 struct virtio_chain *data, const char *text)
{
	static struct virtio_chain chain;
	static struct {
		struct vsock_header header;
		uint8_t data[PIECE];
	} PACKED packet;
	uint16_t head;
	uint64_t n;

	if (!next_buffer(to, &head, &chain))
		return -1;
	n = MIN(header->bytes, MIN(PIECE, chain.writable_bytes - sizeof(*header)));
	packet.header = *header;
	packet.header.bytes = (uint32_t)n;
	if (text)
		memcpy(packet.data, text, n);
	else if (n && !virtio_chain_take(data, packet.data, (uint32_t)n))
		memset(packet.data, 0, n);
	n = virtio_chain_put(&chain, &packet, (uint32_t)(sizeof(*header) + n));
	virtio_device_complete(to->v, RECEIVE, head, (uint32_t)n);
	return (int64_t)(n - sizeof(*header));
}

/* The answer to a packet that nobody takes; to a reset there is none. */
static bool refuse(struct vsock *s)
{
	const struct vsock_header *h = &s->header;
	const struct vsock_header answer = {
		.from_cid = h->to_cid,
		.to_cid = s->cid,
		.from_port = h->to_port,
		.to_port = h->from_port,
		.type = h->type,
		.op = VSOCK_OP_RESET,
	};

	return h->op == VSOCK_OP_RESET || put_piece(s, &answer, NULL, NULL) >= 0;
}

/* What the shell has for this guest, as far as there are buffers. */
static void shell_talks(struct vsock *s)
{
	struct vsock_header header;
	const char *text;

	while (s->may_manage && vsock_shell_next(s->cid, &header, &text)) {
		int64_t gone = put_piece(s, &header, NULL, text);

		if (gone < 0)
			return;
		vsock_shell_sent(&header, (uint32_t)gone);
	}
}

static bool to_shell(struct vsock *s)
{
	static char data[VSOCK_SHELL_BYTES];
	const struct vsock_header *h = &s->header;

	if (!s->may_manage && !s->told)
		print("%s: asks for the management shell, but its config has no `vsock-shell: "
		      "yes`\n",
		      s->v->guest_name);
	s->told |= !s->may_manage;
	if (!s->may_manage || h->type != VSOCK_TYPE_STREAM || h->bytes > sizeof(data) ||
	    (h->bytes && !virtio_chain_take(&s->chain, data, h->bytes)) ||
	    !vsock_shell_take(h, data))
		return refuse(s);
	shell_talks(s);
	return true;
}

/* True once the packet that waits is dealt with. */
static bool deliver(struct vsock *s)
{
	struct vsock *to = find(s->header.to_cid);

	if (s->header.to_cid == VSOCK_CID_HOST && s->header.to_port == VSOCK_SHELL_PORT &&
	    s->header.from_cid == s->cid)
		return to_shell(s);
	if (!to || to == s || s->header.from_cid != s->cid || s->header.type != VSOCK_TYPE_STREAM ||
	    s->header.bytes > s->chain.readable_bytes)
		return refuse(s);
	s->spoken |= (uint32_t)BIT(to - vsocks);
	to->spoken |= (uint32_t)BIT(s - vsocks);
	do {
		int64_t gone = put_piece(to, &s->header, &s->chain, NULL);

		if (gone < 0)
			return false;
		s->header.bytes -= (uint32_t)gone;
	} while (s->header.bytes);
	return true;
}

/* Takes the next packet off the sender's queue. */
static bool fetch(struct vsock *s)
{
	if (!virtio_device_next(s->v, TRANSMIT, &s->head, &s->chain))
		return false;
	virtio_device_parked(s->v);
	if (!virtio_chain_take(&s->chain, &s->header, sizeof(s->header))) {
		virtio_device_break(s->v, "a packet without header");
		return false;
	}
	s->waits = true;
	return true;
}

static void transmit(struct vsock *s)
{
	for (unsigned budget = TURN_BUDGET; budget; budget--) {
		if (!s->waits && !fetch(s)) {
			if (!virtio_device_is_live(s->v) ||
			    !virtio_queue_rearm(&s->v->queue[TRANSMIT]))
				return;
			continue;
		}
		if (!deliver(s))
			return;
		s->waits = false;
		virtio_device_complete(s->v, TRANSMIT, s->head, 0);
	}
	virtio_port_again(s->v->kick_event[TRANSMIT]);
}

/* A receiver has buffers, or has gone: whoever waits may wait for it. */
static void senders_again(void)
{
	for (unsigned i = 0; i < vsock_count; i++)
		if (vsocks[i].waits)
			virtio_port_again(vsocks[i].v->kick_event[TRANSMIT]);
}

static void tell_reset(struct vsock *s)
{
	static struct virtio_chain chain;
	static const uint32_t event = EVENT_TRANSPORT_RESET;
	uint16_t head;

	if (!s->reset_due)
		return;
	if (!virtio_device_next(s->v, EVENTS, &head, &chain)) {
		if (virtio_device_is_live(s->v) && virtio_queue_rearm(&s->v->queue[EVENTS]))
			virtio_port_again(s->v->kick_event[EVENTS]);
		return;
	}
	virtio_device_complete(s->v, EVENTS, head, virtio_chain_put(&chain, &event, sizeof(event)));
	s->reset_due = false;
}

static void buffers_came(struct vsock *s)
{
	shell_talks(s);
	senders_again();
}

static void vsock_kick(struct virtio_device *v, unsigned q)
{
	struct vsock *s = v->backend;

	if (q == TRANSMIT)
		transmit(s);
	else if (q == RECEIVE)
		buffers_came(s);
	else
		tell_reset(s);
}

/* The guest has begun anew: whoever spoke with it learns of it. */
static void vsock_reset(struct virtio_device *v)
{
	struct vsock *s = v->backend;

	s->waits = false;
	s->reset_due = false;
	for (unsigned i = 0; i < vsock_count; i++) {
		if (!(s->spoken & BIT(i)))
			continue;
		vsocks[i].spoken &= ~(uint32_t)BIT(s - vsocks);
		vsocks[i].reset_due = true;
		virtio_port_again(vsocks[i].v->kick_event[EVENTS]);
	}
	s->spoken = 0;
	vsock_shell_gone(s->cid);
	senders_again();
}

static void vsock_config(struct virtio_device *v, unsigned offset, unsigned bytes, void *buf)
{
	const struct vsock *s = v->backend;
	const uint64_t config = s->cid;

	if (offset + bytes <= sizeof(config))
		memcpy(buf, (const uint8_t *)&config + offset, bytes);
}

static const struct virtio_model vsock_model = {
	.name = "vsock",
	.id = VIRTIO_ID_VSOCK,
	.class_code = 0x078000,
	.queues = 3,
	.config = vsock_config,
	.kick = vsock_kick,
	.reset = vsock_reset,
};

bool vsock_init(struct virtio_device *v, const struct hv_served *served)
{
	struct vsock *s = &vsocks[vsock_count];

	if (vsock_count == VSOCKS) {
		print("%s: more than %u vsocks: this one is left out\n", v->guest_name, VSOCKS);
		return false;
	}
	if (!vsock_count++)
		vsock_shell_init(commands);
	*s = (struct vsock){
		.v = v,
		.cid = served->cid,
		.may_manage = served->flags & HV_SERVED_SHELL,
		.reset_due = boot->incarnation > 1,
	};
	v->model = &vsock_model;
	v->backend = s;
	v->offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC;
	return true;
}
