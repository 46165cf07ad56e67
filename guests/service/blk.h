/*
 * The block back end: virtio-blk requests of a guest become requests to a range of a disk. A write
 * is answered when the disk has answered it; a flush is given to the disk after every earlier
 * request of this device is over, and answered after that (contract.md, "Order of data").
 */
#ifndef GUESTS_SERVICE_BLK_H
#define GUESTS_SERVICE_BLK_H

#include "guests/service/disk.h"
#include "guests/service/virtio_device.h"

#define BLK_REQUESTS 128 /* under way at a time, all devices together */
#define BLK_DEVICES  32

struct blk_request;

struct blk {
	struct virtio_device *v;
	struct disk *disk;
	uint64_t first, sectors; /* the range of the disk */
	char serial[20];
	unsigned limit;            /* requests under way at a time */
	unsigned moving;           /* reads and writes that the disk has */
	bool stalled;              /* the queue waits for a request to become free */
	struct blk_request *flush; /* waits for `moving` to become 0 */
};

extern const struct virtio_model blk_model;

/* Attaches `served` to a disk: sets v->model, v->offered and v->backend. False, with a line that
   names guest and device, if the range is not on the disk; it is cut if only its end is not.
   share: so many block devices divide the requests between them. */
bool blk_init(struct virtio_device *v, struct disk *disk, const struct hv_served *served,
	      unsigned share);

#endif
