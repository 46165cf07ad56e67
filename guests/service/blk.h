/*
 * The block back end: virtio-blk requests of a guest become requests to a range of a disk. A write
 * is answered when the disk has answered it; a flush is given to the disk after every earlier
 * request of this device is over, and answered after that (contract.md, "Order of data").
 */
#ifndef GUESTS_SERVICE_BLK_H
#define GUESTS_SERVICE_BLK_H

#include "guests/lib/timer.h"
#include "guests/service/disk.h"
#include "guests/service/rate.h"
#include "guests/service/virtio_device.h"

#define BLK_REQUESTS 128 /* under way at a time, all devices together */
#define BLK_DEVICES  32
#define BLK_QUEUES   4

struct blk_request;

struct blk_counts {
	uint64_t requests, flushes, errors;
	uint64_t read, written, cleared; /* bytes */
};

struct blk {
	struct virtio_device *v;
	struct disk *disk;
	uint64_t first, sectors; /* the range of the disk */
	char serial[20];
	unsigned limit;            /* requests under way at a time */
	unsigned moving;           /* requests other than flushes that the disk has */
	uint32_t stalled;          /* queues that wait for a request to become free */
	struct blk_request *flush; /* waits for `moving` to become 0 */
	bool limited;
	struct rate rate;
	struct timer hold[BLK_QUEUES]; /* for queues over their rate */
	struct blk_counts counts;      /* since this instance began */
};

/* Device number i of those that there are; NULL behind the last one. */
const struct blk *blk_get(unsigned i);

/* The most bytes that a discard, or zeroes, may have; 0: the device has no such requests. */
uint32_t blk_clear_max(const struct blk *b, bool zeroes);

/* Attaches `served` to a disk: sets v->model, v->offered and v->backend. False, with a line that
   names guest and device, if the range is not on the disk; it is cut if only its end is not.
   share: so many block devices divide the requests between them. A queue for each of v->vcpus. */
bool blk_init(struct virtio_device *v, struct disk *disk, const struct hv_served *served,
	      unsigned share);

#endif
