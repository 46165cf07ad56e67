/*
 * A disk: something that reads, writes and flushes sectors of 512 bytes, asynchronously. Drivers
 * (RAM disk, NVMe, virtio-blk) fill in a struct disk; the block back end gives it requests. Data
 * goes straight between the guest's memory and the device. No driver caches writes.
 */
#ifndef GUESTS_SERVICE_DISK_H
#define GUESTS_SERVICE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/boot.h"
#include "guests/service/window.h"
#include "lib/list.h"

#define DISK_SECTOR 512u

/* The last two have no data: what was discarded may read as anything, or as zeroes. */
enum disk_op { DISK_READ, DISK_WRITE, DISK_FLUSH, DISK_DISCARD, DISK_ZEROES };

struct disk;
struct disk_request;
typedef void disk_done_fn(struct disk_request *r, bool ok);

struct disk_request {
	/* the caller's */
	enum disk_op op;
	uint64_t sector;
	uint32_t bytes; /* multiple of the disk's block size */
	const struct window_part *part;
	unsigned parts;
	disk_done_fn *done;

	/* the disk's */
	struct disk *disk;
	struct list node;
	uint64_t at;       /* bytes that are done; or the driver's own */
	uint64_t deadline; /* the driver's own */
};

struct disk {
	char name[32]; /* "nvme 00:04.0": for messages */
	uint64_t sectors;
	uint32_t block; /* bytes; a request begins and ends at multiples of it */
	unsigned max_parts;
	uint32_t discard_max, zeroes_max; /* bytes of such a request; 0: there are none */
	bool readonly;
	/* Starts r; false if there is no room now. Never calls r->done itself. */
	bool (*submit)(struct disk *d, struct disk_request *r);
	void *driver;
	struct list waiting; /* requests for which there was no room */
};

/* Fills in what the drivers do not. */
void disk_init(struct disk *d);

/* Starts r now or when there is room. r and its parts belong to the disk until r->done. */
void disk_submit(struct disk *d, struct disk_request *r);

/* For drivers: r is over. Starts waiting requests afterwards. */
void disk_done(struct disk_request *r, bool ok);

/* For drivers: there is room again, though no request has ended. */
void disk_more(struct disk *d);

/* Whether a request has data: the others have no parts. */
static inline bool disk_has_data(const struct disk_request *r)
{
	return r->op == DISK_READ || r->op == DISK_WRITE;
}

/* "write": for messages. */
const char *disk_op_name(enum disk_op op);

/* For drivers: copies `bytes` between buf and the request's data from byte `at` on. */
void disk_gather(const struct disk_request *r, uint64_t at, void *buf, uint32_t bytes);
void disk_scatter(const struct disk_request *r, uint64_t at, const void *buf, uint32_t bytes);

/* For drivers: the contiguous piece of r's data at byte `at`; bytes 0 behind the end. */
struct window_part disk_piece(const struct disk_request *r, uint64_t at);

/* A RAM disk over `bytes` at base. number seeds the order of `shuffle`. */
void disk_ram_init(struct disk *d, unsigned number, void *base, uint64_t bytes);

#endif
