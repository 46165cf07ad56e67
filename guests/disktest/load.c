/*
 * See load.h. A block has at most one request under way, so that its contents are always known; the
 * record of what was acknowledged is this guest's memory.
 */
#include "guests/disktest/load.h"

#include "guests/disktest/ledger.h"
#include "guests/disktest/pattern.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/pci.h"
#include "guests/lib/print.h"
#include "lib/string.h"

#define SECTORS     (PATTERN_BYTES / VIRTIO_BLK_SECTOR)
#define FLUSH_EVERY 64
#define READ_ONE_IN 4
#define MASK_EVERY  100
#define STEPS       20
#define NO_BLOCK    LOAD_BLOCKS

struct block {
	uint64_t acknowledged; /* generation; 0: unknown */
	uint64_t seen;         /* the newest that a read has shown */
	uint64_t under;        /* unknown, and a broken write has left half of this one */
	bool busy;
};

struct job {
	enum virtio_blk_op op;
	unsigned block; /* NO_BLOCK: a flush */
	uint64_t generation;
	uint64_t buf[PATTERN_WORDS] ALIGNED(4096);
};

static struct block blocks[LOAD_BLOCKS];
static struct job jobs[VIRTIO_BLK_DEPTH];
static uint64_t random_state = 88172645463325252ull;
static uint64_t generation; /* grows over incarnations */
static uint64_t last_answer;
static unsigned under_way;

static void job_start(struct load *l, unsigned slot, enum virtio_blk_op op, unsigned block)
{
	struct job *j = &jobs[slot];
	bool flush = op == VIRTIO_BLK_OP_FLUSH;

	j->op = op;
	j->block = block;
	if (!flush)
		blocks[block].busy = true;
	if (op == VIRTIO_BLK_OP_WRITE)
		pattern_write(j->buf, block, j->generation = ++generation);
	else
		pattern_poison(j->buf);
	if (under_way++ == 0)
		last_answer = rdtsc();
	virtio_blk_submit(l->disk, slot, op, flush ? 0 : block * SECTORS, j->buf,
			  flush ? 0 : PATTERN_BYTES);
}

/* Nobody ends a write whose guest dies together with the service domain that copies it: where it
   was not acknowledged, its beginning may be there, over an earlier generation. */
static bool is_broken_off(const struct load *l, const struct job *j)
{
	struct block *b = &blocks[j->block];

	if (b->acknowledged || !l->halves)
		return false;
	for (uint64_t i = 0; i <= boot->incarnation; i++) {
		for (uint64_t n = 1; n <= (i ? l->most : 1); n++) {
			b->under = i ? i << 32 | n : 0;
			if (pattern_is_half(j->buf, j->block, b->under))
				return true;
		}
	}
	b->under = 0;
	return false;
}

static void check_read(struct load *l, const struct job *j)
{
	struct block *b = &blocks[j->block];
	uint64_t got = pattern_read(j->buf, j->block);

	if (got == b->acknowledged || (!b->acknowledged && got < PATTERN_TORN)) {
		b->acknowledged = b->seen = got;
		return;
	}
	if (got == PATTERN_TORN && is_broken_off(l, j))
		return;
	print("%s: block %u: %lu was acknowledged, %lu seen, %#lx is there\n", boot->name, j->block,
	      b->acknowledged, b->seen, got);
	if (got == PATTERN_POISON)
		l->faults.stale++;
	else if (got == PATTERN_TORN || got > b->acknowledged)
		l->faults.torn++;
	else if (b->seen == b->acknowledged)
		l->faults.repeated++;
	else
		l->faults.lost++;
}

static void job_end(struct load *l, unsigned slot)
{
	struct job *j = &jobs[slot];
	uint64_t now = rdtsc();

	under_way--;
	l->gap = MAX(l->gap, now - last_answer);
	last_answer = now;
	if (j->block != NO_BLOCK)
		blocks[j->block].busy = false;
	if (l->disk->slot[slot].status != 0) {
		l->faults.errors++;
	} else if (j->op == VIRTIO_BLK_OP_WRITE) {
		blocks[j->block].acknowledged = j->generation;
		l->writes++;
		if (l->ledger)
			ledger_say("wrote", j->block, j->generation);
	} else if (j->op == VIRTIO_BLK_OP_READ) {
		check_read(l, j);
	}
}

/* Waits until a slot is free; -1: the device gave up. */
static int slot_wait(struct load *l)
{
	for (;;) {
		int slot = virtio_blk_reap(l->disk);

		if (slot >= 0)
			job_end(l, (unsigned)slot);
		for (unsigned i = 0; slot < 0 && i < l->depth; i++)
			if (!l->disk->slot[i].busy)
				return (int)i;
		if (slot >= 0)
			continue;
		if (virtio_blk_is_broken(l->disk))
			return -1;
		irq_wait();
	}
}

static bool drain(struct load *l)
{
	while (under_way) {
		int slot = virtio_blk_reap(l->disk);

		if (slot >= 0)
			job_end(l, (unsigned)slot);
		else if (virtio_blk_is_broken(l->disk))
			return false;
		else
			irq_wait();
	}
	return true;
}

/* A block with nothing under way; some is free, as there are more blocks than slots. */
static unsigned pick_block(const struct load *l)
{
	unsigned block = (unsigned)(pattern_random(&random_state) % l->blocks);

	while (blocks[block].busy)
		block = (block + 1) % l->blocks;
	return block;
}

/* Request number n of a run. */
static void next_job(struct load *l, unsigned slot, uint64_t n)
{
	unsigned block;

	if (l->vector && n % MASK_EVERY == 0)
		(void)pci_msix_bind(l->disk->pci.function, 0, l->vector);
	if (n < l->blocks) {
		job_start(l, slot, VIRTIO_BLK_OP_WRITE, (unsigned)n);
		return;
	}
	if (n % FLUSH_EVERY == 0) {
		job_start(l, slot, VIRTIO_BLK_OP_FLUSH, NO_BLOCK);
		return;
	}
	block = pick_block(l);
	job_start(l, slot,
		  pattern_random(&random_state) % READ_ONE_IN ? VIRTIO_BLK_OP_WRITE
							      : VIRTIO_BLK_OP_READ,
		  block);
}

bool load_run(struct load *l, uint64_t writes)
{
	uint64_t step = MAX(writes / STEPS, 1ul), said = l->writes / step;

	for (uint64_t n = 0; l->writes < writes; n++) {
		int slot = slot_wait(l);

		if (slot < 0)
			return false;
		next_job(l, (unsigned)slot, n);
		if (l->writes / step != said) {
			said = l->writes / step;
			print("%s: %lu of %lu writes\n", boot->name, said * step, writes);
		}
	}
	return true;
}

static bool read_all(struct load *l)
{
	for (unsigned block = 0; block < l->blocks; block++) {
		int slot = slot_wait(l);

		if (slot < 0)
			return false;
		job_start(l, (unsigned)slot, VIRTIO_BLK_OP_READ, block);
	}
	return drain(l);
}

void load_init(struct load *l)
{
	generation = (uint64_t)boot->incarnation << 32;
}

void load_say(const struct load *l, const char *what)
{
	for (unsigned block = 0; block < l->blocks; block++) {
		const struct block *b = &blocks[block];

		ledger_say(what, block, b->acknowledged ? b->acknowledged : b->under);
	}
	ledger_end();
}

bool load_inspect(struct load *l)
{
	bool there = read_all(l);

	if (there && l->ledger)
		load_say(l, "found");
	return there;
}

void load_forget(struct load *l)
{
	for (unsigned i = 0; i < l->depth; i++) {
		struct job *j = &jobs[i];

		if (j->block == NO_BLOCK || !blocks[j->block].busy)
			continue;
		blocks[j->block].busy = false;
		if (j->op == VIRTIO_BLK_OP_WRITE)
			blocks[j->block].acknowledged = 0;
	}
	under_way = 0;
}

bool load_verify(struct load *l, uint32_t *crc)
{
	static uint64_t buf[PATTERN_WORDS];
	int slot;

	if (!drain(l) || (slot = slot_wait(l)) < 0)
		return false;
	job_start(l, (unsigned)slot, VIRTIO_BLK_OP_FLUSH, NO_BLOCK);
	if (!drain(l) || !read_all(l))
		return false;
	*crc = 0;
	for (unsigned block = 0; block < l->blocks; block++) {
		pattern_write(buf, block, blocks[block].acknowledged);
		*crc = crc32c(*crc, buf, sizeof(buf));
	}
	return true;
}

bool load_is_clean(const struct load *l)
{
	const struct load_faults *f = &l->faults;

	return !(f->lost | f->repeated | f->stale | f->torn | f->errors | l->disk->unasked);
}
