/*
 * The state of an IDE function, and how its disks are found.
 */
#ifndef GUESTS_SERVICE_DRIVERS_IDE_FIND_H
#define GUESTS_SERVICE_DRIVERS_IDE_FIND_H

#include "guests/lib/event.h"
#include "guests/lib/timer.h"
#include "guests/service/drivers/ide_channel.h"
#include "guests/service/drivers/ide_regs.h"

#define IDE_FUNCTIONS 4u

struct ide;

/* A channel with its queue: the first request is at work. */
struct ide_lane {
	struct ide_channel channel;
	struct ide *ide;
	struct list queue;
	uint8_t *bounce;
	uint32_t bounce_bytes;

	/* the command under way */
	struct disk_request *r; /* NULL: none; it is not in the queue any more */
	uint32_t bytes;
	bool bounced;
	unsigned resets;  /* for the sake of r */
	uint64_t started; /* time_ns */

	struct timer timer;
	bool dead;
};

struct ide_drive {
	char name[32];
	struct ide_lane *lane;
	unsigned number; /* on the channel */
	struct ide_disk disk;
};

struct ide {
	const struct hv_device *device;
	char name[16];
	unsigned event;
	struct ide_lane lane[IDE_CHANNELS];
	struct ide_drive drive[IDE_CHANNELS * IDE_DRIVES];
	unsigned drives;
	bool silent;       /* somebody did not answer: places behind were not looked at */
	bool acknowledged; /* interrupts wait for hv_irq_ack */
	unsigned complaints;
};

/* The function's state, NULL before ide_quiet. */
struct ide *ide_of(const struct hv_device *d);

/* The same after its drives were looked for, once; fn(ide) is called for its interrupts. */
struct ide *ide_find(const struct hv_device *d, event_fn *fn);

#endif
