/*
 * disktest's work as a program of a Linux guest: reads and writes of generations at depth past the
 * page cache, with flushes between, each read checked against what was acknowledged. Static, so
 * that it needs nothing in the initramfs. Lines as guests/disktest/ledger.h has them.
 *
 *   generations NAME DEVICE WRITES
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guests/disktest/pattern.h"

#define DEPTH       32
#define BLOCKS      256
#define READ_ONE_IN 4
#define FLUSH_EVERY 64
#define PAIRS       8

struct block {
	uint64_t acknowledged;
	bool busy;
};

struct job {
	struct iocb iocb;
	unsigned block;
	uint64_t generation;
	bool busy;
	uint64_t *buf;
};

static struct block blocks[BLOCKS];
static struct job jobs[DEPTH];
static aio_context_t context;
static const char *name;
static int file;
static uint64_t random_state = 88172645463325252ull, generation, writes, sum;
static unsigned under_way, pairs;
static bool bad;

static void end_line(void)
{
	if (pairs)
		printf(" =%lx\n", sum);
	pairs = 0;
	sum = 0;
}

static void say(const char *what, unsigned block, uint64_t g)
{
	if (!pairs)
		printf("%s: %s", name, what);
	printf(" %x:%lx", block, g);
	sum += block + g;
	if (++pairs == PAIRS)
		end_line();
}

static void start(struct job *j, unsigned op, unsigned block)
{
	struct iocb *list = &j->iocb;

	j->block = block;
	j->busy = true;
	blocks[block].busy = true;
	if (op == IOCB_CMD_PWRITE)
		pattern_write(j->buf, block, j->generation = ++generation);
	else
		pattern_poison(j->buf);
	j->iocb = (struct iocb){
		.aio_lio_opcode = (uint16_t)op,
		.aio_fildes = (uint32_t)file,
		.aio_data = (uint64_t)(j - jobs),
		.aio_buf = (uint64_t)(uintptr_t)j->buf,
		.aio_nbytes = PATTERN_BYTES,
		.aio_offset = (int64_t)block * PATTERN_BYTES,
	};
	if (syscall(SYS_io_submit, context, 1, &list) != 1) {
		perror(name);
		exit(1);
	}
	under_way++;
}

static void check(const struct job *j)
{
	uint64_t got = pattern_read(j->buf, j->block), wanted = blocks[j->block].acknowledged;

	if (got == wanted)
		return;
	bad = true;
	printf("\n%s: block %u: %lu was acknowledged, %#lx is there\n", name, j->block, wanted,
	       got);
}

static void finish(const struct io_event *e)
{
	struct job *j = &jobs[e->data];

	under_way--;
	j->busy = false;
	if (e->res != PATTERN_BYTES) {
		printf("\n%s: a request FAILED: %ld\n", name, (long)e->res);
		bad = true;
		return;
	}
	blocks[j->block].busy = false;
	if (j->iocb.aio_lio_opcode == IOCB_CMD_PREAD) {
		check(j);
		return;
	}
	blocks[j->block].acknowledged = j->generation;
	writes++;
	say("wrote", j->block, j->generation);
}

static void reap(unsigned least)
{
	struct io_event events[DEPTH];
	long n = syscall(SYS_io_getevents, context, least, DEPTH, events, NULL);

	for (long i = 0; i < n; i++)
		finish(&events[i]);
}

static struct job *free_job(void)
{
	for (;;) {
		for (unsigned i = 0; i < DEPTH; i++)
			if (!jobs[i].busy)
				return &jobs[i];
		reap(1);
	}
}

static void work(uint64_t wanted)
{
	for (uint64_t n = 0; writes < wanted && !bad; n++) {
		struct job *j = free_job();
		unsigned block = (unsigned)(pattern_random(&random_state) % BLOCKS);
		bool read = pattern_random(&random_state) % READ_ONE_IN == 0;

		if (n < BLOCKS) {
			start(j, IOCB_CMD_PWRITE, (unsigned)n);
			continue;
		}
		while (blocks[block].busy)
			block = (block + 1) % BLOCKS;
		if (n % FLUSH_EVERY == 0)
			(void)fdatasync(file);
		start(j, read ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE, block);
	}
	while (under_way)
		reap(1);
}

static void verify(void)
{
	for (unsigned b = 0; b < BLOCKS && !bad; b++)
		start(free_job(), IOCB_CMD_PREAD, b);
	while (under_way)
		reap(1);
	end_line();
	for (unsigned b = 0; b < BLOCKS; b++)
		say("holds", b, blocks[b].acknowledged);
	printf(bad ? "%s: DISK BAD\n" : "%s: disk ok, %lu writes\n", name, writes);
}

int main(int count, char **arg)
{
	if (count < 4)
		return 2;
	name = arg[1];
	file = open(arg[2], O_RDWR | O_DIRECT);
	if (file < 0 || syscall(SYS_io_setup, DEPTH, &context)) {
		perror(arg[2]);
		return 1;
	}
	for (unsigned i = 0; i < DEPTH; i++)
		jobs[i].buf = aligned_alloc(4096, PATTERN_BYTES);
	setvbuf(stdout, NULL, _IOLBF, 512);
	work(strtoul(arg[3], NULL, 10));
	verify();
	return bad;
}
