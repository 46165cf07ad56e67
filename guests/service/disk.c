/*
 * What all disks share: the queue in front of a driver that is full, and walking a request's data.
 * Pure.
 */
#include "guests/service/disk.h"

#include <stddef.h>

#include "lib/bits.h"
#include "lib/string.h"

const char *disk_op_name(enum disk_op op)
{
	static const char *const names[] = { "read", "write", "flush", "discard", "zeroes" };

	return names[op];
}

void disk_init(struct disk *d)
{
	list_init(&d->waiting);
	d->discard_max = d->zeroes_max = 0;
}

void disk_submit(struct disk *d, struct disk_request *r)
{
	r->disk = d;
	r->at = 0;
	if (!list_is_empty(&d->waiting) || !d->submit(d, r))
		list_add_before(&d->waiting, &r->node);
}

void disk_done(struct disk_request *r, bool ok)
{
	struct disk *d = r->disk;

	r->done(r, ok);
	disk_more(d);
}

void disk_more(struct disk *d)
{
	while (!list_is_empty(&d->waiting)) {
		struct disk_request *next =
			CONTAINER_OF(d->waiting.next, struct disk_request, node);

		list_remove(&next->node);
		if (d->submit(d, next))
			continue;
		list_add_before(d->waiting.next, &next->node);
		return;
	}
}

struct window_part disk_piece(const struct disk_request *r, uint64_t at)
{
	for (unsigned i = 0; i < r->parts; i++) {
		const struct window_part *p = &r->part[i];

		if (at < p->bytes)
			return (struct window_part){ p->base + at, p->bytes - (uint32_t)at };
		at -= p->bytes;
	}
	return (struct window_part){ NULL, 0 };
}

void disk_gather(const struct disk_request *r, uint64_t at, void *buf, uint32_t bytes)
{
	for (uint8_t *to = buf; bytes;) {
		struct window_part p = disk_piece(r, at);
		uint32_t n = MIN(p.bytes, bytes);

		if (n == 0)
			return;
		memcpy(to, p.base, n);
		to += n;
		at += n;
		bytes -= n;
	}
}

void disk_scatter(const struct disk_request *r, uint64_t at, const void *buf, uint32_t bytes)
{
	for (const uint8_t *from = buf; bytes;) {
		struct window_part p = disk_piece(r, at);
		uint32_t n = MIN(p.bytes, bytes);

		if (n == 0)
			return;
		memcpy(p.base, from, n);
		from += n;
		at += n;
		bytes -= n;
	}
}
