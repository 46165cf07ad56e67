/*
 * virtio-blk (virtio 1.2, 5.2) over a struct disk. A request lives from virtio_device_next to
 * blk_done; a reset of the device in between only makes its completion silent.
 */
#include "guests/service/blk.h"

#include "guests/lib/print.h"
#include "guests/service/virtio_port.h"
#include "lib/string.h"

#define TURN_BUDGET 16 /* requests taken from one queue before others have their turn */

struct blk_request {
	struct disk_request disk;
	struct blk *blk; /* NULL: free */
	unsigned generation;
	uint16_t head;
	uint8_t *status; /* in the guest's memory */
	uint32_t written;
	struct virtio_chain chain;
};

static struct blk_request requests[BLK_REQUESTS];
static struct blk blks[BLK_DEVICES];
static unsigned blk_count;

static struct blk_request *request_get(struct blk *b)
{
	if (b->v->outstanding >= b->limit)
		return NULL;
	for (unsigned i = 0; i < BLK_REQUESTS; i++) {
		if (requests[i].blk)
			continue;
		requests[i].blk = b;
		requests[i].generation = b->v->generation;
		b->v->outstanding++;
		return &requests[i];
	}
	return NULL;
}

static void request_put(struct blk_request *r)
{
	struct blk *b = r->blk;

	r->blk = NULL;
	b->v->outstanding--;
	if (b->stalled) {
		b->stalled = false;
		virtio_port_again(b->v->kick_event[0]);
	}
}

static void request_answer(struct blk_request *r, uint8_t status, uint32_t written)
{
	*r->status = status;
	virtio_device_complete(r->blk->v, 0, r->head, written + 1);
	request_put(r);
}

static void blk_done(struct disk_request *d, bool ok);

static void flush_start(struct blk_request *r)
{
	r->blk->flush = NULL;
	r->disk.op = DISK_FLUSH;
	r->disk.sector = 0;
	r->disk.bytes = r->disk.parts = 0;
	disk_submit(r->blk->disk, &r->disk);
	virtio_port_again(r->blk->v->kick_event[0]);
}

static void blk_done(struct disk_request *d, bool ok)
{
	struct blk_request *r = CONTAINER_OF(d, struct blk_request, disk);
	struct blk *b = r->blk;

	if (d->op != DISK_FLUSH)
		b->moving--;
	if (r->generation != b->v->generation || !virtio_device_is_live(b->v)) {
		request_put(r);
	} else {
		kept_process(b->v->number, 0, r->head);
		request_answer(r, ok ? VIRTIO_BLK_OK : VIRTIO_BLK_IOERR, ok ? r->written : 0);
	}
	if (b->flush && !b->moving)
		flush_start(b->flush);
}

/* Reads and writes. Everything from the guest is checked here. */
static void request_move(struct blk_request *r, const struct virtio_blk_header *h)
{
	struct virtio_chain *c = &r->chain;
	bool write = h->type == VIRTIO_BLK_OUT;
	uint64_t bytes = write ? c->readable_bytes : c->writable_bytes;
	struct blk *b = r->blk;
	struct disk_request *d = &r->disk;
	uint64_t block = b->disk->block / DISK_SECTOR;

	d->op = write ? DISK_WRITE : DISK_READ;
	d->part = &c->part[write ? c->first : c->readable];
	d->parts = write ? c->readable - c->first : c->parts - c->readable;
	d->sector = b->first + h->sector;
	d->bytes = (uint32_t)bytes;
	r->written = write ? 0 : d->bytes;
	if (bytes == 0 || bytes % b->disk->block || h->sector % block || bytes > UINT32_MAX ||
	    bytes / DISK_SECTOR > b->sectors || h->sector > b->sectors - bytes / DISK_SECTOR ||
	    d->parts > b->disk->max_parts || (write && (b->v->offered & VIRTIO_BLK_F_RO))) {
		request_answer(r, VIRTIO_BLK_IOERR, 0);
		return;
	}
	b->moving++;
	disk_submit(b->disk, d);
	virtio_device_parked(b->v);
}

static void request_flush(struct blk_request *r)
{
	r->written = 0;
	r->blk->flush = r;
	if (!r->blk->moving)
		flush_start(r);
	virtio_device_parked(r->blk->v);
}

static void request_id(struct blk_request *r)
{
	uint32_t n = virtio_chain_put(&r->chain, r->blk->serial, VIRTIO_BLK_ID_BYTES);

	request_answer(r, VIRTIO_BLK_OK, n);
}

static void request_start(struct blk_request *r)
{
	struct virtio_blk_header h;

	r->disk.done = blk_done;
	r->status = virtio_chain_take_last(&r->chain);
	if (!r->status || !virtio_chain_take(&r->chain, &h, sizeof(h))) {
		virtio_device_parked(r->blk->v);
		virtio_device_break(r->blk->v, "a request without header or status");
		request_put(r);
		return;
	}
	switch (h.type) {
	case VIRTIO_BLK_IN:
	case VIRTIO_BLK_OUT: request_move(r, &h); break;
	case VIRTIO_BLK_FLUSH: request_flush(r); break;
	case VIRTIO_BLK_GET_ID: request_id(r); break;
	default: request_answer(r, VIRTIO_BLK_UNSUPP, 0); break;
	}
}

/* Takes requests until the budget, the requests or the queue are used up. A flush that waits for
   earlier requests holds later ones back; its completion kicks again. */
static void blk_kick(struct virtio_device *v, unsigned q)
{
	struct blk *b = v->backend;

	for (unsigned budget = TURN_BUDGET; !b->flush; budget--) {
		struct blk_request *r = budget ? request_get(b) : NULL;

		if (!budget) {
			virtio_port_again(v->kick_event[q]);
			return;
		}
		if (!r) {
			b->stalled = true;
			return;
		}
		if (virtio_device_next(v, q, &r->head, &r->chain)) {
			request_start(r);
			continue;
		}
		request_put(r);
		if (!virtio_device_is_live(v) || !virtio_queue_rearm(&v->queue[q]))
			return;
	}
}

static void blk_reset(struct virtio_device *v)
{
	struct blk *b = v->backend;

	if (b->flush) {
		struct blk_request *r = b->flush;

		b->flush = NULL;
		request_put(r);
	}
	b->stalled = false;
}

static void blk_config(struct virtio_device *v, unsigned offset, unsigned bytes, void *buf)
{
	const struct blk *b = v->backend;
	struct virtio_blk_config c = {
		.capacity = b->sectors,
		.seg_max = b->disk->max_parts,
		.blk_size = b->disk->block,
	};

	if (offset + bytes <= sizeof(c))
		memcpy(buf, (uint8_t *)&c + offset, bytes);
}

const struct virtio_model blk_model = {
	.name = "disk",
	.id = VIRTIO_ID_BLOCK,
	.class_code = 0x010000,
	.queues = 1,
	.config = blk_config,
	.kick = blk_kick,
	.reset = blk_reset,
};

/* Sets first and sectors; says what does not fit. */
static bool range_init(struct blk *b, const struct hv_served *served)
{
	uint64_t capacity = b->disk->sectors * DISK_SECTOR;
	uint64_t bytes = served->bytes;
	const char *guest = b->v->guest_name;
	unsigned device = b->v->function >> 3;

	if (served->offset % b->disk->block || served->offset >= capacity) {
		print("%s: disk %u: offset %lu is not on %s (%lu bytes): the device is left out\n",
		      guest, device, served->offset, b->disk->name, capacity);
		return false;
	}
	if (bytes > capacity - served->offset)
		print("%s: disk %u: %s has %lu bytes from offset %lu on, the config asks for %lu: "
		      "cut\n",
		      guest, device, b->disk->name, capacity - served->offset, served->offset,
		      bytes);
	if (bytes == 0 || bytes > capacity - served->offset)
		bytes = capacity - served->offset;
	bytes -= bytes % b->disk->block;
	b->first = served->offset / DISK_SECTOR;
	b->sectors = bytes / DISK_SECTOR;
	if (!b->sectors)
		print("%s: disk %u: smaller than a block: the device is left out\n", guest, device);
	return b->sectors;
}

bool blk_init(struct virtio_device *v, struct disk *disk, const struct hv_served *served,
	      unsigned share)
{
	struct blk *b = &blks[blk_count];

	if (blk_count == BLK_DEVICES) {
		print("%s: more than %u disks: the device is left out\n", v->guest_name,
		      BLK_DEVICES);
		return false;
	}
	*b = (struct blk){ .v = v, .disk = disk, .limit = MAX(BLK_REQUESTS / MAX(share, 1u), 1u) };
	if (!range_init(b, served))
		return false;
	blk_count++;
	memcpy(b->serial, served->serial, sizeof(b->serial));
	v->model = &blk_model;
	v->backend = b;
	v->offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC |
		     VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH;
	if ((served->flags & HV_SERVED_READONLY) || disk->readonly)
		v->offered |= VIRTIO_BLK_F_RO;
	return true;
}
