/*
 * virtio-blk (virtio 1.2, 5.2) over a struct disk: the queues. A request lives from
 * virtio_device_next to its answer; a reset of the device in between only makes its completion
 * silent.
 */
#include "guests/service/blk.h"

#include "guests/lib/print.h"
#include "guests/service/blk_request.h"
#include "guests/service/virtio_port.h"
#include "lib/string.h"

#define TURN_BUDGET  16 /* requests taken from one queue before others have their turn */
#define ZEROES_BYTES (1u << 20)

static struct blk_request requests[BLK_REQUESTS];
static struct blk blks[BLK_DEVICES];
static unsigned blk_count;

const struct blk *blk_get(unsigned i)
{
	return i < blk_count ? &blks[i] : NULL;
}

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

static void queues_again(struct blk *b, uint32_t queues)
{
	for (unsigned q = 0; queues; q++, queues >>= 1)
		if (queues & 1)
			virtio_port_again(b->v->kick_event[q]);
}

void blk_again(struct blk *b)
{
	queues_again(b, (uint32_t)BIT(b->v->model->queues) - 1);
}

void blk_request_put(struct blk_request *r)
{
	struct blk *b = r->blk;
	uint32_t stalled = b->stalled;

	r->blk = NULL;
	b->v->outstanding--;
	if (!stalled)
		return;
	b->stalled = 0;
	queues_again(b, stalled);
}

/* False: the device is over its rate, and the queue is looked at again later. */
static bool may_take(struct blk *b, unsigned q)
{
	uint64_t now, ready;

	if (!b->limited)
		return true;
	now = virtio_port_now();
	ready = rate_ready(&b->rate, now);
	if (ready > now)
		virtio_port_hold(&b->hold[q], b->v->kick_event[q], ready);
	return ready <= now;
}

/* Takes requests until the budget, the requests, the rate or the queue are used up. A flush that
   waits for earlier requests holds later ones back; its completion kicks again. */
static void blk_kick(struct virtio_device *v, unsigned q)
{
	struct blk *b = v->backend;

	for (unsigned budget = TURN_BUDGET; !b->flush && may_take(b, q); budget--) {
		struct blk_request *r = budget ? request_get(b) : NULL;

		if (!budget) {
			virtio_port_again(v->kick_event[q]);
			return;
		}
		if (!r) {
			b->stalled |= BIT(q);
			return;
		}
		r->queue = (uint16_t)q;
		if (virtio_device_next(v, q, &r->head, &r->chain)) {
			blk_request_start(r);
			continue;
		}
		blk_request_put(r);
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
		blk_request_put(r);
	}
	b->stalled = 0;
}

uint32_t blk_clear_max(const struct blk *b, bool zeroes)
{
	if (!zeroes)
		return b->disk->discard_max;
	if (b->disk->zeroes_max)
		return b->disk->zeroes_max;
	return b->v->offered & VIRTIO_BLK_F_ZEROES ? ZEROES_BYTES : 0;
}

static void blk_config(struct virtio_device *v, unsigned offset, unsigned bytes, void *buf)
{
	const struct blk *b = v->backend;
	struct {
		struct virtio_blk_config basic;
		struct virtio_blk_config_wide wide;
	} c = {
		.basic = { .capacity = b->sectors,
			   .seg_max = b->disk->max_parts,
			   .blk_size = b->disk->block },
		.wide = { .num_queues = (uint16_t)v->model->queues,
			  .max_discard_sectors = blk_clear_max(b, false) / DISK_SECTOR,
			  .max_discard_seg = 1,
			  .discard_sector_alignment = b->disk->block / DISK_SECTOR,
			  .max_zeroes_sectors = blk_clear_max(b, true) / DISK_SECTOR,
			  .max_zeroes_seg = 1 },
	};

	if (offset + bytes <= sizeof(c))
		memcpy(buf, (uint8_t *)&c + offset, bytes);
}

#define MODEL(n)                                                                                   \
	{                                                                                          \
		.name = "disk", .id = VIRTIO_ID_BLOCK, .class_code = 0x010000, .queues = (n),      \
		.config = blk_config, .kick = blk_kick, .reset = blk_reset,                        \
	}

static const struct virtio_model models[BLK_QUEUES] = { MODEL(1), MODEL(2), MODEL(3), MODEL(4) };

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

static uint64_t features_of(const struct disk *disk, const struct hv_served *served)
{
	uint64_t f = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC |
		     VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH;

	if ((served->flags & HV_SERVED_READONLY) || disk->readonly)
		return f | VIRTIO_BLK_F_RO;
	if (disk->discard_max)
		f |= VIRTIO_BLK_F_DISCARD;
	if (disk->zeroes_max || blk_zeroes_init())
		f |= VIRTIO_BLK_F_ZEROES;
	return f;
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
	b->limited = served->rate_bytes || served->rate_requests;
	rate_init(&b->rate, served->rate_bytes, served->rate_requests);
	v->model = &models[MAX(MIN(v->vcpus, BLK_QUEUES), 1u) - 1];
	v->backend = b;
	v->offered = features_of(disk, served);
	if (v->model->queues > 1)
		v->offered |= VIRTIO_BLK_F_MQ;
	return true;
}
