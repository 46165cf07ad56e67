/*
 * One request of a guest to its disk, from the queue to its answer. A flush is given to the disk
 * after every earlier request of this device is over, and holds later ones back until then.
 */
#ifndef GUESTS_SERVICE_BLK_REQUEST_H
#define GUESTS_SERVICE_BLK_REQUEST_H

#include "guests/service/blk.h"

struct blk_request {
	struct disk_request disk;
	struct blk *blk; /* NULL: free */
	unsigned generation;
	uint16_t queue, head;
	uint8_t *status; /* in the guest's memory */
	uint32_t written;
	uint64_t zeroes; /* bytes that are still to be written as zeroes */
	struct virtio_chain chain;
};

/* Does what the chain asks for. Everything in it is checked here. */
void blk_request_start(struct blk_request *r);

/* Makes r free again; whoever waited for that has his turn. */
void blk_request_put(struct blk_request *r);

/* Looks at all queues again. */
void blk_again(struct blk *b);

/* A disk that cannot write zeroes by itself gets them from a page for all disks. False: there is no
   memory for it. */
bool blk_zeroes_init(void);

#endif
