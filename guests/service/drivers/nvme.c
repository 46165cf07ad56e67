/*
 * NVMe disks: requests become commands. A request whose memory PRPs can describe is one command for
 * each stretch of it; what they can't (pieces that end within a page, or odd addresses) goes
 * through a bounce page. A request has one slot and at most one command under way. A controller
 * that is silent for too long is reset once, then given up.
 */
#include "guests/service/drivers/nvme.h"

#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/nvme_control.h"
#include "guests/service/drivers/nvme_prp.h"
#include "guests/service/drivers/pcifn.h"
#include "lib/string.h"

#define NVME_DISKS     4
#define NVME_PARTS     126
#define TIMEOUT_NS     (10 * NS_PER_SEC)
#define CHECK_NS       NS_PER_SEC
#define CLEAR_MAX      (1u << 30)
#define COMPLAINTS_MAX 10

struct nvme_slot {
	struct disk_request *r; /* NULL: free */
	uint64_t *list;         /* a page of PRP entries */
	uint8_t *bounce;        /* a page */
	uint32_t bytes;         /* of the command under way */
	bool bounced;
	uint64_t started; /* time_ns */
};

struct nvme {
	struct nvme_control control;
	struct disk *disk;
	struct nvme_slot slot[NVME_DEPTH - 1];
	unsigned slots, busy, resets, complaints;
	unsigned event;
	struct timer timer;
	bool dead;
};

static struct nvme nvmes[NVME_DISKS];
static unsigned nvme_count;

void nvme_quiet(const struct hv_device *d)
{
	volatile uint8_t *regs;

	pcifn_enable(d, false);
	regs = pcifn_bar(d, 0);
	if (regs && !nvme_control_stop(regs))
		print("nvme at slot %#x: does not stop\n", d->slot);
}

static void prepare_data(struct nvme *n, struct nvme_slot *s, struct nvme_command *c)
{
	struct disk_request *r = s->r;
	uint64_t lba = (r->sector * DISK_SECTOR + r->at) / n->control.block;
	uint64_t prp[2] = { 0, 0 };

	s->bytes = nvme_prp_bytes(r, n->control.transfer_max, n->control.block);
	s->bounced = s->bytes == 0;
	if (s->bounced) {
		s->bytes = (uint32_t)MIN(r->bytes - r->at, (uint64_t)NVME_PAGE);
		if (r->op == DISK_WRITE)
			disk_gather(r, r->at, s->bounce, s->bytes);
		prp[0] = dma_bus(s->bounce);
	} else {
		nvme_prp_fill(r, s->bytes, s->list, prp);
	}
	c->opcode = r->op == DISK_WRITE ? NVME_IO_WRITE : NVME_IO_READ;
	c->prp1 = prp[0];
	c->prp2 = prp[1];
	c->dw10 = (uint32_t)lba;
	c->dw11 = (uint32_t)(lba >> 32);
	c->dw12 = s->bytes / n->control.block - 1;
}

/* Discards name one range in a page; zeroes are limited like data, as other drivers do it. */
static void prepare_clear(struct nvme *n, struct nvme_slot *s, struct nvme_command *c)
{
	struct disk_request *r = s->r;
	uint64_t lba = (r->sector * DISK_SECTOR + r->at) / n->control.block;
	bool discard = r->op == DISK_DISCARD;
	struct nvme_range *range = (struct nvme_range *)s->bounce;

	s->bytes = (uint32_t)MIN(r->bytes - r->at, discard ? CLEAR_MAX : n->control.transfer_max);
	if (!discard) {
		c->opcode = NVME_IO_ZEROES;
		c->dw10 = (uint32_t)lba;
		c->dw11 = (uint32_t)(lba >> 32);
		c->dw12 = s->bytes / n->control.block - 1;
		return;
	}
	*range = (struct nvme_range){ 0, s->bytes / n->control.block, lba };
	c->opcode = NVME_IO_MANAGE;
	c->prp1 = dma_bus(range);
	c->dw11 = NVME_MANAGE_DISCARD;
}

/* Issues the next command of the slot's request. */
static void slot_issue(struct nvme *n, struct nvme_slot *s)
{
	struct nvme_command c = {
		.opcode = NVME_IO_FLUSH,
		.id = (uint16_t)(s - n->slot),
		.nsid = n->control.nsid,
	};

	s->bytes = 0;
	s->bounced = false;
	if (disk_has_data(s->r))
		prepare_data(n, s, &c);
	else if (s->r->op != DISK_FLUSH)
		prepare_clear(n, s, &c);
	s->started = time_ns();
	nvme_queue_submit(&n->control.io, &c);
}

static void check_silence(void *arg);

static bool nvme_submit(struct disk *d, struct disk_request *r)
{
	struct nvme *n = d->driver;

	for (unsigned i = 0; i < n->slots; i++) {
		struct nvme_slot *s = &n->slot[i];

		if (s->r)
			continue;
		s->r = r;
		if (n->busy++ == 0)
			timer_set_ns(&n->timer, CHECK_NS, check_silence, n);
		if (n->dead)
			event_again(n->event);
		else
			slot_issue(n, s);
		return true;
	}
	return false;
}

static void slot_done(struct nvme *n, struct nvme_slot *s, bool ok)
{
	struct disk_request *r = s->r;

	s->r = NULL;
	if (--n->busy == 0)
		timer_cancel(&n->timer);
	disk_done(r, ok);
}

static void complain(struct nvme *n, const struct disk_request *r, unsigned status)
{
	if (n->complaints++ < COMPLAINTS_MAX)
		print("%s: %s at sector %lu failed: status %#x\n", n->control.name,
		      disk_op_name(r->op), r->sector, status);
}

static void slot_completed(struct nvme *n, struct nvme_slot *s, unsigned status)
{
	struct disk_request *r = s->r;

	if (status) {
		complain(n, r, status);
		slot_done(n, s, false);
		return;
	}
	if (s->bounced && r->op == DISK_READ)
		disk_scatter(r, r->at, s->bounce, s->bytes);
	r->at += s->bytes;
	if (r->op != DISK_FLUSH && r->at < r->bytes)
		slot_issue(n, s);
	else
		slot_done(n, s, true);
}

static void fail_all(struct nvme *n)
{
	for (unsigned i = 0; i < n->slots; i++)
		if (n->slot[i].r)
			slot_done(n, &n->slot[i], false);
}

static void nvme_event(void *arg)
{
	struct nvme *n = arg;
	struct nvme_completion c;

	if (n->dead) {
		fail_all(n);
		return;
	}
	/* At most as many as the ring holds: what comes later has an interrupt of its own. */
	for (unsigned i = 0; i < n->control.io.depth && nvme_queue_reap(&n->control.io, &c); i++) {
		if (c.id >= n->slots || !n->slot[c.id].r) {
			print("%s: completes a command that it was not given\n", n->control.name);
			continue;
		}
		slot_completed(n, &n->slot[c.id], c.status & 0x7ff);
	}
	if (n->control.device->interrupts == 1)
		(void)hv_irq_ack(n->control.device->cap, 0);
}

/* Everything that was under way is issued again from where it stood: the same data to the same
   place. */
static void reset_once(struct nvme *n)
{
	print("%s: no answer for %u s: reset\n", n->control.name,
	      (unsigned)(TIMEOUT_NS / NS_PER_SEC));
	n->dead = n->resets++ || !nvme_control_start(&n->control);
	if (n->dead) {
		print("%s: given up: its disks answer with errors from now on\n", n->control.name);
		(void)nvme_control_stop(n->control.regs);
		event_again(n->event);
		return;
	}
	for (unsigned i = 0; i < n->slots; i++)
		if (n->slot[i].r)
			slot_issue(n, &n->slot[i]);
}

static void check_silence(void *arg)
{
	struct nvme *n = arg;
	uint64_t now = time_ns();

	for (unsigned i = 0; i < n->slots; i++) {
		if (!n->slot[i].r || n->dead || now - n->slot[i].started < TIMEOUT_NS)
			continue;
		nvme_event(n); /* perhaps only the interrupt was lost */
		if (n->slot[i].r && now - n->slot[i].started >= TIMEOUT_NS)
			reset_once(n);
		break;
	}
	if (n->busy)
		timer_set_ns(&n->timer, CHECK_NS, check_silence, n);
}

/* As many slots as the pool has pages for. */
static bool slots_init(struct nvme *n)
{
	while (n->slots < NVME_DEPTH - 1 && dma_left() >= 2 * NVME_PAGE) {
		struct nvme_slot *s = &n->slot[n->slots++];

		s->list = dma_alloc(NVME_PAGE);
		s->bounce = dma_alloc(NVME_PAGE);
	}
	return n->slots > 0;
}

static void fill_disk(struct nvme *n, struct disk *disk)
{
	disk_init(disk);
	disk->sectors = n->control.blocks * (n->control.block / DISK_SECTOR);
	disk->block = n->control.block;
	disk->max_parts = NVME_PARTS;
	disk->discard_max = n->control.discards ? CLEAR_MAX : 0;
	disk->zeroes_max = n->control.zeroes ? CLEAR_MAX : 0;
	disk->submit = nvme_submit;
	disk->driver = n;
	n->disk = disk;
}

bool nvme_open(const struct hv_device *d, unsigned unit, struct disk *disk)
{
	struct nvme *n = &nvmes[nvme_count];
	int64_t bound;

	pcifn_name(d, "nvme", disk->name, sizeof(disk->name));
	if (nvme_count == NVME_DISKS || unit)
		return false;
	n->control.device = d;
	n->control.name = disk->name;
	n->control.regs = pcifn_bar(d, 0);
	if (!n->control.regs || !nvme_control_alloc(&n->control) || !slots_init(n)) {
		print("%s: no registers, or the DMA pool is too small: raise `dma` in the config\n",
		      disk->name);
		return false;
	}
	n->event = event_alloc();
	event_bind(n->event, nvme_event, n);
	bound = hv_irq_bind(d->cap, 0, n->event);
	if (bound < 0) {
		print("%s: no interrupt: %s\n", disk->name, hv_error(bound));
		return false;
	}
	pcifn_enable(d, true);
	if (!nvme_control_start(&n->control))
		return false;
	n->slots = MIN(n->slots, n->control.io.depth - 1);
	fill_disk(n, disk);
	nvme_count++;
	return true;
}
