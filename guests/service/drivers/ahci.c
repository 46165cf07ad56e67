/*
 * SATA disks: requests become commands, up to 32 of them under way at a time, queued by the disk
 * itself where it can. Queued and other commands (a flush) exclude each other: whoever does not fit
 * waits in disk.c. What regions can't say (odd addresses, memory out of reach) goes through a
 * bounce page.
 *
 * Recovery, for any error and for silence:  WORKS -> STOPPING -> RESETTING -> LINKING -> REPEATS
 * What was under way is then repeated, one request at a time and not queued, so that who fails is
 * known: that request fails and no other. A disk that stays silent meanwhile is given up.
 */
#include "guests/service/drivers/ahci.h"

#include "guests/lib/hv.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/ahci_find.h"
#include "guests/service/drivers/ahci_prd.h"
#include "guests/service/drivers/pcifn.h"
#include "lib/string.h"

#define PAGE           4096u
#define PARTS          126u
#define TIMEOUT_NS     (10 * NS_PER_SEC)
#define FLUSH_NS       (30 * NS_PER_SEC)
#define CHECK_NS       NS_PER_SEC
#define STEP_NS        (2 * NS_PER_MS)
#define STOP_NS        (500 * NS_PER_MS)
#define LINK_NS        (10 * NS_PER_SEC)
#define COMPLAINTS_MAX 10

static void drive_timer(void *arg);

static unsigned prepare_data(struct ahci_drive *d, struct ahci_slot *s, struct ahci_command *c)
{
	struct disk_request *r = s->r;
	unsigned regions;

	s->bytes = ahci_prd_bytes(r, d->facts.ata.transfer_max, d->ahci->reach);
	s->bounced = s->bytes == 0;
	if (s->bounced) {
		s->bytes = (uint32_t)MIN(r->bytes - r->at, (uint64_t)PAGE);
		if (r->op == DISK_WRITE)
			disk_gather(r, r->at, s->bounce, s->bytes);
		regions = ahci_prd_single(s->bounce, s->bytes, s->table->prd);
	} else {
		regions = ahci_prd_fill(r, s->bytes, s->table->prd);
	}
	c->lba = r->sector + r->at / DISK_SECTOR;
	c->bytes = s->bytes;
	return regions;
}

static unsigned prepare_discard(struct ahci_slot *s, struct ahci_command *c)
{
	struct disk_request *r = s->r;

	s->bytes = (uint32_t)MIN(r->bytes - r->at, (uint64_t)AHCI_TRIM_MAX);
	ahci_trim_fill(r->sector + r->at / DISK_SECTOR, s->bytes, (uint64_t *)s->bounce);
	c->bytes = s->bytes;
	return ahci_prd_single(s->bounce, AHCI_TRIM_BYTES, s->table->prd);
}

static bool is_queued(const struct ahci_drive *d, const struct disk_request *r)
{
	return d->facts.depth && d->state == AHCI_WORKS && disk_has_data(r);
}

/* Issues the next command of the slot's request. */
static void slot_issue(struct ahci_drive *d, unsigned n)
{
	struct ahci_slot *s = &d->slot[n];
	struct ahci_command c = { .op = s->r->op, .queued = is_queued(d, s->r), .slot = n };
	unsigned regions = 0;

	s->bytes = 0;
	s->bounced = false;
	if (disk_has_data(s->r))
		regions = prepare_data(d, s, &c);
	else if (c.op == DISK_DISCARD)
		regions = prepare_discard(s, &c);
	ahci_fis_make(&d->facts, &c, s->table->fis);
	s->started = time_ns();
	ahci_port_issue(&d->port, &c, s->table, regions);
}

/* Whether r's command may join those that are under way. */
static bool fits(const struct ahci_drive *d, const struct disk_request *r)
{
	const struct ahci_port *p = &d->port;

	return d->state == AHCI_WORKS &&
	       (is_queued(d, r) ? p->issued == p->queued : p->queued == 0);
}

static bool ahci_submit(struct disk *disk, struct disk_request *r)
{
	struct ahci_drive *d = disk->driver;
	uint32_t free = ~d->busy & (uint32_t)MASK(d->slots - 1, 0);
	unsigned n;

	if (!free || (d->state != AHCI_DEAD && !fits(d, r)))
		return false;
	n = (unsigned)__builtin_ctz(free);
	d->slot[n].r = r;
	if (!d->busy)
		timer_set_ns(&d->timer, CHECK_NS, drive_timer, d);
	d->busy |= BIT(n);
	if (d->state == AHCI_DEAD)
		event_again(d->ahci->event);
	else
		slot_issue(d, n);
	return true;
}

/* Takes the next request that is to be repeated, or says that all is well again. */
static void repeat_next(struct ahci_drive *d)
{
	unsigned n;

	if (d->state != AHCI_REPEATS || d->port.issued)
		return;
	if (!d->again) {
		d->state = AHCI_WORKS;
		return;
	}
	n = (unsigned)__builtin_ctz(d->again);
	d->again &= ~BIT(n);
	slot_issue(d, n);
}

static void slot_done(struct ahci_drive *d, unsigned n, bool ok)
{
	struct disk_request *r = d->slot[n].r;

	d->slot[n].r = NULL;
	d->busy &= ~BIT(n);
	if (!d->busy && d->state == AHCI_WORKS)
		timer_cancel(&d->timer);
	repeat_next(d);
	disk_done(r, ok);
}

static void slot_failed(struct ahci_drive *d, unsigned n)
{
	const struct disk_request *r = d->slot[n].r;

	if (d->complaints++ < COMPLAINTS_MAX)
		print("%s: %s at sector %lu failed\n", d->name, disk_op_name(r->op),
		      r->sector + r->at / DISK_SECTOR);
	slot_done(d, n, false);
}

static void slot_completed(struct ahci_drive *d, unsigned n)
{
	struct ahci_slot *s = &d->slot[n];
	struct disk_request *r = s->r;

	if (s->bounced && r->op == DISK_READ)
		disk_scatter(r, r->at, s->bounce, s->bytes);
	r->at += s->bytes;
	if (r->op == DISK_FLUSH || r->at == r->bytes)
		slot_done(d, n, true);
	else if (d->state == AHCI_WORKS || d->state == AHCI_REPEATS)
		slot_issue(d, n);
	else
		d->again |= BIT(n);
}

static void enter(struct ahci_drive *d, enum ahci_state state)
{
	d->state = state;
	d->since = time_ns();
	timer_set_ns(&d->timer, STEP_NS, drive_timer, d);
}

/* What is under way is put aside, or fails if it was repeated already. */
static void recover(struct ahci_drive *d)
{
	uint32_t left = d->port.issued;
	bool repeated = d->state == AHCI_REPEATS;

	ahci_port_stop(&d->port);
	enter(d, AHCI_STOPPING);
	if (repeated && left)
		slot_failed(d, (unsigned)__builtin_ctz(left));
	else
		d->again |= left;
}

static void drive_look(struct ahci_drive *d)
{
	uint32_t done;
	bool failed;

	if (d->state != AHCI_WORKS && d->state != AHCI_REPEATS)
		return;
	done = ahci_port_events(&d->port, &failed);
	if (failed)
		recover(d);
	for (; done; done &= done - 1)
		slot_completed(d, (unsigned)__builtin_ctz(done));
}

static void fail_all(struct ahci_drive *d)
{
	for (uint32_t left = d->busy; left; left &= left - 1)
		slot_done(d, (unsigned)__builtin_ctz(left), false);
}

static void ahci_event(void *arg)
{
	struct ahci *a = arg;
	uint32_t causes = readl(a->regs + AHCI_IS);

	for (unsigned i = 0; i < a->drives; i++) {
		struct ahci_drive *d = &a->drive[i];

		if (d->state == AHCI_DEAD)
			fail_all(d);
		else if (causes & BIT(d->number))
			drive_look(d);
	}
	writel(a->regs + AHCI_IS, causes);
	if (a->acknowledged)
		(void)hv_irq_ack(a->device->cap, 0);
}

/* A controller that still moves data may not be left running: with it all its disks end. */
static void give_up(struct ahci_drive *d)
{
	print("%s: given up: it answers with errors from now on\n", d->name);
	ahci_port_stop(&d->port);
	if (ahci_port_runs(&d->port))
		pcifn_enable(d->ahci->device, false);
	d->state = AHCI_DEAD;
	d->again = 0;
	event_again(d->ahci->event);
}

static void recover_step(struct ahci_drive *d)
{
	uint64_t spent = time_ns() - d->since;

	timer_set_ns(&d->timer, STEP_NS, drive_timer, d);
	switch (d->state) {
	case AHCI_STOPPING:
		if (ahci_port_runs(&d->port) && spent < STOP_NS)
			return;
		ahci_port_reset(&d->port, true);
		enter(d, AHCI_RESETTING);
		return;
	case AHCI_RESETTING:
		ahci_port_reset(&d->port, false);
		enter(d, AHCI_LINKING);
		return;
	default: break;
	}
	if (!ahci_port_is_ready(&d->port)) {
		if (spent >= LINK_NS)
			give_up(d);
		return;
	}
	ahci_port_start(&d->port);
	d->state = AHCI_REPEATS;
	repeat_next(d);
	disk_more(d->disk);
}

/* The first slot whose command has taken too long; AHCI_SLOTS if there is none. */
static unsigned slot_overdue(const struct ahci_drive *d)
{
	uint64_t now = time_ns();

	for (unsigned n = 0; n < d->slots; n++) {
		const struct ahci_slot *s = &d->slot[n];

		if (d->port.issued & BIT(n) &&
		    now - s->started >= (disk_has_data(s->r) ? TIMEOUT_NS : FLUSH_NS))
			return n;
	}
	return AHCI_SLOTS;
}

static void check_silence(struct ahci_drive *d)
{
	unsigned n = slot_overdue(d);

	if (n < AHCI_SLOTS)
		drive_look(d); /* perhaps only the interrupt was lost */
	if (n < AHCI_SLOTS && slot_overdue(d) == n) {
		print("%s: no answer%s\n", d->name, d->state == AHCI_WORKS ? ": reset" : "");
		if (d->state == AHCI_REPEATS)
			give_up(d);
		else
			recover(d);
	}
	if (d->state != AHCI_STOPPING && d->busy)
		timer_set_ns(&d->timer, CHECK_NS, drive_timer, d);
}

static void drive_timer(void *arg)
{
	struct ahci_drive *d = arg;

	if (d->state == AHCI_WORKS || d->state == AHCI_REPEATS)
		check_silence(d);
	else if (d->state != AHCI_DEAD)
		recover_step(d);
}

/* As many slots as the pool has pages for; the first one has its table already. */
static bool slots_init(struct ahci_drive *d)
{
	unsigned most = MIN(d->ahci->slots, AHCI_SLOTS);

	if (d->facts.depth)
		most = MIN(most, d->facts.depth);
	while (d->slots < most && dma_left() >= 2 * PAGE) {
		struct ahci_slot *s = &d->slot[d->slots++];

		if (!s->table)
			s->table = dma_alloc(PAGE);
		s->bounce = dma_alloc(PAGE);
	}
	return d->slots > 0;
}

bool ahci_has(const struct hv_device *d, unsigned unit)
{
	const struct ahci *a = ahci_find(d, ahci_event);

	return !a || a->silent || unit < a->drives;
}

bool ahci_open(const struct hv_device *d, unsigned unit, struct disk *disk)
{
	struct ahci *a = ahci_find(d, ahci_event);
	struct ahci_drive *drive;

	if (!a || unit >= a->drives) {
		print("ahci at slot %#x: has no disk %u\n", d->slot, unit);
		return false;
	}
	drive = &a->drive[unit];
	if (!slots_init(drive)) {
		print("%s: the DMA pool is too small: raise `dma-pool` in the config\n",
		      drive->name);
		return false;
	}
	disk_init(disk);
	memcpy(disk->name, drive->name, sizeof(disk->name));
	disk->sectors = drive->facts.ata.sectors;
	disk->block = DISK_SECTOR;
	disk->max_parts = PARTS;
	disk->discard_max = drive->facts.trims ? AHCI_TRIM_MAX : 0;
	disk->submit = ahci_submit;
	disk->driver = drive;
	drive->disk = disk;
	ahci_port_start(&drive->port);
	return true;
}
