/*
 * IDE disks: requests become commands, one at a time on each channel; the others wait in the
 * channel's queue. What descriptors can't say (memory from 4 GiB on, odd addresses) goes through a
 * bounce buffer. A drive that is silent for too long gets a reset and the command once more; then
 * the request fails.
 */
#include "guests/service/drivers/ide.h"

#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/service/drivers/ide_find.h"
#include "lib/string.h"

#define PARTS          126u
#define TIMEOUT_NS     (10 * NS_PER_SEC)
#define FLUSH_NS       (30 * NS_PER_SEC)
#define CHECK_NS       NS_PER_SEC
#define COMPLAINTS_MAX 10

static struct ide_drive *drive_of(const struct disk_request *r)
{
	return r->disk->driver;
}

/* Nobody is asked: nothing answers any more, or there is no cache to flush. */
static bool is_formal(const struct ide_lane *l)
{
	return l->dead || (l->r->op == DISK_FLUSH && !drive_of(l->r)->disk.flush);
}

static void prepare_data(struct ide_lane *l)
{
	struct disk_request *r = l->r;

	l->bytes = ide_prd_bytes(r, drive_of(r)->disk.transfer_max);
	l->bounced = l->bytes == 0;
	if (!l->bounced) {
		ide_prd_fill(r, l->bytes, l->channel.table);
		return;
	}
	l->bytes = (uint32_t)MIN(r->bytes - r->at, (uint64_t)l->bounce_bytes);
	if (r->op == DISK_WRITE)
		disk_gather(r, r->at, l->bounce, l->bytes);
	ide_prd_single(l->bounce, l->bytes, l->channel.table);
}

/* Issues the next command of the request at work. A drive that does not take it is found silent. */
static void lane_issue(struct ide_lane *l)
{
	const struct ide_drive *drive = drive_of(l->r);
	struct ide_command c;

	l->bytes = 0;
	l->bounced = false;
	if (l->r->op != DISK_FLUSH)
		prepare_data(l);
	ide_command_make(&drive->disk, l->r->op, l->r->sector + l->r->at / DISK_SECTOR, l->bytes,
			 &c);
	l->started = time_ns();
	if (!ide_channel_start(&l->channel, drive->number, l->r->op, &c))
		l->started = 0;
}

static void check_silence(void *arg);

/* Takes the next request of the queue to work. */
static void lane_next(struct ide_lane *l)
{
	if (l->r || list_is_empty(&l->queue))
		return;
	l->r = CONTAINER_OF(l->queue.next, struct disk_request, node);
	list_remove(&l->r->node);
	l->resets = 0;
	l->started = time_ns();
	timer_set_ns(&l->timer, CHECK_NS, check_silence, l);
	if (is_formal(l))
		event_again(l->ide->event);
	else
		lane_issue(l);
}

static bool ide_submit(struct disk *d, struct disk_request *r)
{
	struct ide_drive *drive = d->driver;

	list_add_before(&drive->lane->queue, &r->node);
	lane_next(drive->lane);
	return true;
}

/* The drive is given its next request before this one's answer is worked out. */
static void lane_done(struct ide_lane *l, bool ok)
{
	struct disk_request *r = l->r;

	l->r = NULL;
	timer_cancel(&l->timer);
	lane_next(l);
	disk_done(r, ok);
}

static void lane_failed(struct ide_lane *l, const char *how, unsigned status)
{
	if (l->ide->complaints++ < COMPLAINTS_MAX)
		print("%s: %s at sector %lu failed: %s, status %#x\n", drive_of(l->r)->name,
		      disk_op_name(l->r->op), l->r->sector + l->r->at / DISK_SECTOR, how, status);
	lane_done(l, false);
}

static void lane_completed(struct ide_lane *l)
{
	struct disk_request *r = l->r;

	if (l->bounced && r->op == DISK_READ)
		disk_scatter(r, r->at, l->bounce, l->bytes);
	r->at += l->bytes;
	if (r->op != DISK_FLUSH && r->at < r->bytes)
		lane_issue(l);
	else
		lane_done(l, true);
}

static void lane_look(struct ide_lane *l)
{
	unsigned status = 0;

	if (!l->r || !l->started)
		return;
	if (is_formal(l)) {
		lane_done(l, !l->dead);
		return;
	}
	switch (ide_channel_finish(&l->channel, &status)) {
	case IDE_RUNNING: break;
	case IDE_DONE: lane_completed(l); break;
	case IDE_FAILED: lane_failed(l, "the drive says so", status); break;
	}
}

static void ide_event(void *arg)
{
	struct ide *ide = arg;

	for (unsigned n = 0; n < IDE_CHANNELS; n++)
		lane_look(&ide->lane[n]);
	for (unsigned n = 0; n < ide->device->interrupts && ide->acknowledged; n++)
		(void)hv_irq_ack(ide->device->cap, n);
}

/* The same data to the same place: a command may be repeated. */
static void lane_reset(struct ide_lane *l)
{
	print("%s: no answer: reset\n", drive_of(l->r)->name);
	l->dead = !ide_channel_reset(&l->channel);
	if (l->dead) {
		print("%s: given up: the disks of this channel answer with errors from now on\n",
		      drive_of(l->r)->name);
		lane_done(l, false);
		return;
	}
	ide_channel_listen(&l->channel);
	if (l->resets++)
		lane_failed(l, "no answer", 0);
	else
		lane_issue(l);
}

static void check_silence(void *arg)
{
	struct ide_lane *l = arg;
	const struct disk_request *r = l->r;
	uint64_t limit = r->op == DISK_FLUSH ? FLUSH_NS : TIMEOUT_NS, started = l->started;

	timer_set_ns(&l->timer, CHECK_NS, check_silence, l);
	if (started && time_ns() - started < limit)
		return;
	if (started)
		lane_look(l); /* perhaps only the interrupt was lost */
	if (l->r == r && l->started == started)
		lane_reset(l);
}

bool ide_has(const struct hv_device *d, unsigned unit)
{
	const struct ide *ide = ide_find(d, ide_event);

	return !ide || ide->silent || unit < ide->drives;
}

bool ide_open(const struct hv_device *d, unsigned unit, struct disk *disk)
{
	struct ide *ide = ide_find(d, ide_event);
	struct ide_drive *drive;

	if (!ide || unit >= ide->drives) {
		print("ide at slot %#x: has no disk %u\n", d->slot, unit);
		return false;
	}
	drive = &ide->drive[unit];
	if (!drive->lane->ide)
		return false;
	disk_init(disk);
	memcpy(disk->name, drive->name, sizeof(disk->name));
	disk->sectors = drive->disk.sectors;
	disk->block = DISK_SECTOR;
	disk->max_parts = PARTS;
	disk->submit = ide_submit;
	disk->driver = drive;
	return true;
}
