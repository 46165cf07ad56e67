/*
 * See blk_request.h.
 */
#include "guests/service/blk_request.h"

#include "guests/service/dma.h"
#include "guests/service/virtio_port.h"

#define ZERO_PAGE 4096u

static uint8_t *zero_page; /* for all disks; no controller writes to it */

bool blk_zeroes_init(void)
{
	if (!zero_page && dma_left() >= ZERO_PAGE)
		zero_page = dma_alloc(ZERO_PAGE);
	return zero_page;
}

static void answer(struct blk_request *r, uint8_t status, uint32_t written)
{
	r->blk->counts.errors += status != VIRTIO_BLK_OK;
	*r->status = status;
	virtio_device_complete(r->blk->v, r->queue, r->head, written + 1);
	blk_request_put(r);
}

static void flush_start(struct blk_request *r)
{
	struct blk *b = r->blk;

	b->flush = NULL;
	b->counts.flushes++;
	r->disk.op = DISK_FLUSH;
	r->disk.sector = 0;
	r->disk.bytes = r->disk.parts = 0;
	disk_submit(b->disk, &r->disk);
	blk_again(b);
}

/* The next of the writes that make up zeroes. */
static void zeroes_step(struct blk_request *r)
{
	struct disk_request *d = &r->disk;

	d->sector += d->bytes / DISK_SECTOR;
	d->bytes = d->parts = 0;
	while (r->zeroes && d->parts < MIN(r->blk->disk->max_parts, VIRTIO_CHAIN_PARTS)) {
		uint32_t n = (uint32_t)MIN(r->zeroes, ZERO_PAGE);

		r->chain.part[d->parts++] = (struct window_part){ zero_page, n };
		d->bytes += n;
		r->zeroes -= n;
	}
	disk_submit(r->blk->disk, d);
}

static bool is_wanted(const struct blk_request *r)
{
	return r->generation == r->blk->v->generation && virtio_device_is_live(r->blk->v);
}

static void request_done(struct disk_request *d, bool ok)
{
	struct blk_request *r = CONTAINER_OF(d, struct blk_request, disk);
	struct blk *b = r->blk;

	if (r->zeroes && ok && is_wanted(r)) {
		zeroes_step(r);
		return;
	}
	if (d->op != DISK_FLUSH)
		b->moving--;
	if (!is_wanted(r)) {
		blk_request_put(r);
	} else {
		kept_process(b->v->number, r->queue, r->head);
		answer(r, ok ? VIRTIO_BLK_OK : VIRTIO_BLK_IOERR, ok ? r->written : 0);
	}
	if (b->flush && !b->moving)
		flush_start(b->flush);
}

/* Whether [sector, sector + bytes) is on the device, in whole blocks. */
static bool is_inside(const struct blk *b, uint64_t sector, uint64_t bytes)
{
	return bytes && bytes % b->disk->block == 0 &&
	       sector % (b->disk->block / DISK_SECTOR) == 0 && bytes / DISK_SECTOR <= b->sectors &&
	       sector <= b->sectors - bytes / DISK_SECTOR;
}

static void request_move(struct blk_request *r, const struct virtio_blk_header *h)
{
	struct virtio_chain *c = &r->chain;
	bool write = h->type == VIRTIO_BLK_OUT;
	uint64_t bytes = write ? c->readable_bytes : c->writable_bytes;
	struct blk *b = r->blk;
	struct disk_request *d = &r->disk;

	d->op = write ? DISK_WRITE : DISK_READ;
	d->part = &c->part[write ? c->first : c->readable];
	d->parts = write ? c->readable - c->first : c->parts - c->readable;
	d->sector = b->first + h->sector;
	d->bytes = (uint32_t)bytes;
	r->written = write ? 0 : d->bytes;
	if (!is_inside(b, h->sector, bytes) || bytes > UINT32_MAX ||
	    d->parts > b->disk->max_parts || (write && (b->v->offered & VIRTIO_BLK_F_RO))) {
		answer(r, VIRTIO_BLK_IOERR, 0);
		return;
	}
	*(write ? &b->counts.written : &b->counts.read) += bytes;
	b->moving++;
	disk_submit(b->disk, d);
	virtio_device_parked(b->v);
}

/* A discard or zeroes, of one range. */
static void request_clear(struct blk_request *r, bool zeroes)
{
	uint64_t feature = zeroes ? VIRTIO_BLK_F_ZEROES : VIRTIO_BLK_F_DISCARD;
	struct disk_request *d = &r->disk;
	struct virtio_blk_range range;
	struct blk *b = r->blk;
	uint64_t bytes;

	if (!(virtio_device_features(b->v) & feature) || r->chain.readable_bytes != sizeof(range) ||
	    !virtio_chain_take(&r->chain, &range, sizeof(range)) ||
	    range.flags & ~(zeroes ? VIRTIO_BLK_RANGE_UNMAP : 0)) {
		answer(r, VIRTIO_BLK_UNSUPP, 0);
		return;
	}
	bytes = (uint64_t)range.sectors * DISK_SECTOR;
	if (!is_inside(b, range.sector, bytes) || bytes > blk_clear_max(b, zeroes)) {
		answer(r, VIRTIO_BLK_IOERR, 0);
		return;
	}
	b->moving++;
	b->counts.cleared += bytes;
	d->op = zeroes ? DISK_ZEROES : DISK_DISCARD;
	d->sector = b->first + range.sector;
	d->bytes = (uint32_t)bytes;
	d->part = r->chain.part;
	d->parts = 0;
	if (zeroes && !b->disk->zeroes_max) {
		d->op = DISK_WRITE;
		d->bytes = 0;
		r->zeroes = bytes;
		zeroes_step(r);
	} else {
		disk_submit(b->disk, d);
	}
	virtio_device_parked(b->v);
}

static void request_flush(struct blk_request *r)
{
	r->blk->flush = r;
	if (!r->blk->moving)
		flush_start(r);
	virtio_device_parked(r->blk->v);
}

static void request_id(struct blk_request *r)
{
	uint32_t n = virtio_chain_put(&r->chain, r->blk->serial, VIRTIO_BLK_ID_BYTES);

	answer(r, VIRTIO_BLK_OK, n);
}

void blk_request_start(struct blk_request *r)
{
	struct blk *b = r->blk;
	struct virtio_blk_header h;

	r->disk.done = request_done;
	r->written = 0;
	r->zeroes = 0;
	r->status = virtio_chain_take_last(&r->chain);
	if (!r->status || !virtio_chain_take(&r->chain, &h, sizeof(h))) {
		virtio_device_parked(b->v);
		virtio_device_break(b->v, "a request without header or status");
		blk_request_put(r);
		return;
	}
	b->counts.requests++;
	if (b->limited)
		rate_charge(&b->rate, r->chain.readable_bytes + r->chain.writable_bytes,
			    virtio_port_now());
	switch (h.type) {
	case VIRTIO_BLK_IN:
	case VIRTIO_BLK_OUT: request_move(r, &h); break;
	case VIRTIO_BLK_FLUSH: request_flush(r); break;
	case VIRTIO_BLK_GET_ID: request_id(r); break;
	case VIRTIO_BLK_DISCARD:
	case VIRTIO_BLK_ZEROES: request_clear(r, h.type == VIRTIO_BLK_ZEROES); break;
	default: answer(r, VIRTIO_BLK_UNSUPP, 0); break;
	}
}
