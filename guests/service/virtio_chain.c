/*
 * Descriptor chains (virtio 1.2, 2.7.5). A loop shows as more descriptors than the table has; the
 * walk is bounded by that.
 */
#include "guests/service/virtio_chain.h"

#include <stddef.h>

#include "abi/hypercall.h"
#include "lib/bits.h"
#include "lib/string.h"

/* The walk's place: the ring's table, or the one indirect table that may end the chain. */
struct walk {
	const struct virtq_desc *table;
	unsigned entries; /* in the table */
	unsigned left;    /* that may still be visited */
	bool inside;      /* an indirect table */
};

static struct virtq_desc desc_load(const struct virtq_desc *p)
{
	struct virtq_desc d;
	volatile const uint64_t *w = (volatile const uint64_t *)p;
	uint64_t words[2] = { w[0], w[1] };

	memcpy(&d, words, sizeof(d));
	return d;
}

static const char *chain_add(struct virtio_chain *c, const struct virtio_queue *q,
			     const struct virtq_desc *d)
{
	bool write = d->flags & VIRTQ_DESC_WRITE;
	uint64_t address = d->address, left = d->bytes;

	if (!write && c->parts > c->readable)
		return "a readable descriptor behind a writable one";
	if (address + left < address)
		return "a buffer that wraps";
	for (uint64_t n = left; left; left -= n, address += n, n = left) {
		void *base = window_first(q->window, address, &n, write ? HV_WINDOW_WRITE : 0);

		if (!base)
			return "a buffer outside the guest's RAM";
		if (c->parts == VIRTIO_CHAIN_PARTS)
			return "more buffers than the device takes";
		c->part[c->parts++] = (struct window_part){ base, (uint32_t)n };
	}
	if (write) {
		c->writable_bytes += d->bytes;
	} else {
		c->readable = c->parts;
		c->readable_bytes += d->bytes;
	}
	return NULL;
}

static const char *walk_enter(struct walk *w, const struct virtio_queue *q,
			      const struct virtq_desc *d)
{
	if (!q->indirect || w->inside || (d->flags & VIRTQ_DESC_NEXT))
		return "an indirect descriptor where none may be";
	if (d->bytes == 0 || d->bytes % sizeof(*d) || d->address % 16)
		return "an indirect table of odd size or place";
	w->table = window_at(q->window, d->address, d->bytes, 0);
	w->entries = d->bytes / sizeof(*d);
	w->left = MIN(w->entries, (unsigned)VIRTIO_CHAIN_PARTS);
	w->inside = true;
	return w->table ? NULL : "an indirect table outside the guest's RAM";
}

const char *virtio_chain_read(struct virtio_chain *c, const struct virtio_queue *q, uint16_t head)
{
	struct walk w = { .table = q->desc, .entries = q->size, .left = q->size };
	const char *why;

	c->first = c->readable = c->parts = 0;
	c->readable_bytes = c->writable_bytes = 0;
	for (unsigned i = head;;) {
		struct virtq_desc d;

		if (i >= w.entries)
			return "a next index outside the table";
		if (w.left-- == 0)
			return "a chain that loops or is too long";
		d = desc_load(&w.table[i]);
		if (d.flags & VIRTQ_DESC_INDIRECT) {
			why = walk_enter(&w, q, &d);
			i = 0;
		} else {
			why = chain_add(c, q, &d);
			if (!why && !(d.flags & VIRTQ_DESC_NEXT))
				return NULL;
			i = d.next;
		}
		if (why)
			return why;
	}
}

bool virtio_chain_take(struct virtio_chain *c, void *buf, uint32_t bytes)
{
	uint8_t *to = buf;

	if (c->readable_bytes < bytes)
		return false;
	c->readable_bytes -= bytes;
	while (bytes) {
		struct window_part *p = &c->part[c->first];
		uint32_t n = MIN(bytes, p->bytes);

		memcpy(to, p->base, n);
		to += n;
		bytes -= n;
		p->base += n;
		p->bytes -= n;
		if (p->bytes == 0)
			c->first++;
	}
	return true;
}

uint8_t *virtio_chain_take_last(struct virtio_chain *c)
{
	struct window_part *p;
	uint8_t *last;

	if (c->parts == c->readable)
		return NULL;
	p = &c->part[c->parts - 1];
	p->bytes--;
	last = p->base + p->bytes;
	if (p->bytes == 0)
		c->parts--;
	c->writable_bytes--;
	return last;
}

uint32_t virtio_chain_put(const struct virtio_chain *c, const void *buf, uint32_t bytes)
{
	const uint8_t *from = buf;
	uint32_t done = 0;

	for (unsigned i = c->readable; i < c->parts && done < bytes; i++) {
		uint32_t n = MIN(bytes - done, c->part[i].bytes);

		memcpy(c->part[i].base, from + done, n);
		done += n;
	}
	return done;
}
