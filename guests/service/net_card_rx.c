/*
 * Frames into a guest's buffers. A frame may need several (VIRTIO_NET_F_MRG_RXBUF); they are
 * collected in the stage, filled, and given back at once, since the guest must not see the first
 * without the others. What was collected for a frame that did not fit waits for the next one.
 *
 * All this happens while the head that sends the frame is at work: the mark in the kept pages goes
 * to each receive head while its chain is read, and back.
 */
#include "guests/service/net_card.h"

#include "lib/string.h"

/* A place in the buffers. */
struct cursor {
	const struct window_part *part;
	uint32_t at;
};

static void cursor_put(struct cursor *c, const void *buf, uint32_t bytes)
{
	const uint8_t *from = buf;

	while (bytes) {
		uint32_t n = MIN(bytes, c->part->bytes - c->at);

		memcpy(c->part->base + c->at, from, n);
		from += n;
		bytes -= n;
		c->at += n;
		if (c->at == c->part->bytes)
			*c = (struct cursor){ c->part + 1, 0 };
	}
}

static bool stage_add(struct net_stage *st, uint16_t head, const struct virtio_chain *chain)
{
	unsigned parts = chain->parts - chain->readable;

	if (st->parts + parts > NET_STAGE_PARTS)
		return false;
	memcpy(&st->part[st->parts], &chain->part[chain->readable], parts * sizeof(st->part[0]));
	st->buffer[st->buffers].head = head;
	st->buffer[st->buffers].parts = (uint16_t)parts;
	st->buffer[st->buffers].bytes = chain->writable_bytes;
	st->buffers++;
	st->parts += parts;
	st->bytes += chain->writable_bytes;
	return true;
}

/* Takes the first n buffers off. */
static void stage_drop(struct net_stage *st, unsigned n)
{
	unsigned parts = 0;

	for (unsigned i = 0; i < n; i++) {
		parts += st->buffer[i].parts;
		st->bytes -= st->buffer[i].bytes;
	}
	st->buffers -= n;
	st->parts -= parts;
	memmove(st->buffer, st->buffer + n, st->buffers * sizeof(st->buffer[0]));
	memmove(st->part, st->part + parts, st->parts * sizeof(st->part[0]));
}

/* Gives everything back with nothing in it: buffers that no frame fits into. */
static void stage_empty(struct net_card *c, unsigned q, struct net_stage *st)
{
	for (unsigned i = 0; i < st->buffers; i++)
		virtio_device_complete(c->v, q, st->buffer[i].head, 0);
	stage_drop(st, st->buffers);
}

/* Collects at least `need` bytes in at most `limit` buffers. */
static bool stage_fill(struct net_card *c, unsigned q, uint32_t need, unsigned limit)
{
	static struct virtio_chain chain;
	struct net_stage *st = &c->stage[q / 2];
	uint64_t mark = kept_process_mark();
	uint16_t head;

	while (st->bytes < need) {
		bool fits = st->buffers < limit;

		if (fits) {
			if (!virtio_device_next(c->v, q, &head, &chain))
				return false;
			fits = stage_add(st, head, &chain);
			if (!fits)
				virtio_device_complete(c->v, q, head, 0);
			kept_process_restore(mark);
		}
		if (!fits) {
			stage_empty(c, q, st);
			kept_process_restore(mark);
			return false;
		}
	}
	return true;
}

/* Fills `elem` for a frame of `bytes`; returns how many buffers it takes. */
static unsigned stage_share(const struct net_stage *st, struct virtq_used_elem *elem,
			    uint32_t bytes)
{
	unsigned n = 0;

	for (; bytes; n++) {
		uint32_t here = (uint32_t)MIN(bytes, st->buffer[n].bytes);

		elem[n] = (struct virtq_used_elem){ st->buffer[n].head, here };
		bytes -= here;
	}
	return n;
}

static void stage_write(const struct net_stage *st, const struct net_frame *f, unsigned buffers)
{
	const struct net_offload *o = &f->offload;
	struct virtio_net_header h = {
		.flags = o->flags,
		.gso_type = o->gso_type,
		.header_bytes = o->header_bytes,
		.gso_size = o->gso_size,
		.csum_start = o->csum_start,
		.csum_offset = o->csum_offset,
		.buffers = (uint16_t)buffers,
	};
	struct cursor to = { st->part, 0 };
	uint32_t left = f->bytes;

	cursor_put(&to, &h, sizeof(h));
	for (unsigned i = 0; left; i++) {
		uint32_t n = MIN(left, f->part[i].bytes);

		cursor_put(&to, f->part[i].base, n);
		left -= n;
	}
}

static unsigned queue_for(const struct net_card *c, const struct net_frame *f)
{
	unsigned pairs = net_card_pairs(c);
	unsigned pair = pairs > 1 ? c->flow[net_flow_hash(f)] : 0;

	return pair < pairs ? 2 * pair : 0;
}

static bool card_fill(struct net_card *c, const struct net_frame *f)
{
	bool several = virtio_device_features(c->v) & VIRTIO_NET_F_MRG_RXBUF;
	unsigned q = queue_for(c, f);
	struct net_stage *st = &c->stage[q / 2];
	struct virtq_used_elem elem[NET_BATCH];
	uint32_t bytes = f->bytes + (uint32_t)sizeof(struct virtio_net_header);
	uint64_t mark = kept_process_mark();
	unsigned n;

	if (!stage_fill(c, q, bytes, several ? NET_BATCH : 1))
		return false;
	n = stage_share(st, elem, bytes);
	stage_write(st, f, n);
	virtio_device_complete_all(c->v, q, elem, n);
	kept_process_restore(mark);
	stage_drop(st, n);
	return true;
}

bool net_card_receive(struct net_port *p, const struct net_frame *f)
{
	struct net_card *c = p->owner;
	uint8_t destination[NET_MAC];

	if (!virtio_device_is_live(c->v))
		return false;
	net_copy(f, 0, destination, NET_MAC);
	return !net_control_wants(c, destination) || card_fill(c, f);
}
