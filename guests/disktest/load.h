/*
 * The work on the disk: reads, writes and flushes at depth, each read checked against what was
 * acknowledged. The blocks of a run are [0, blocks) of PATTERN_BYTES each.
 */
#ifndef GUESTS_DISKTEST_LOAD_H
#define GUESTS_DISKTEST_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "guests/lib/virtio_blk.h"

#define LOAD_BLOCKS 1024

/* What must not be. Each is counted once for each read or answer that shows it. */
struct load_faults {
	uint64_t lost;     /* an acknowledged write is not there, and never was */
	uint64_t repeated; /* it was there; an older one has come over it since */
	uint64_t stale;    /* a read was acknowledged and nothing had arrived */
	uint64_t torn;     /* bytes that belong to no write */
	uint64_t errors;   /* answered with an error */
};

struct load {
	struct virtio_blk *disk;
	unsigned blocks, depth;
	bool halves; /* what was under way when the last incarnation ended may be there by half */
	bool ledger; /* says each write that was acknowledged, and what was found */
	unsigned vector; /* 0, or: its interrupt is now and then masked and set up anew */
	uint64_t writes; /* acknowledged */
	uint64_t most;   /* writes that an incarnation begins */
	uint64_t gap;    /* longest time without an answer, TSC ticks */
	struct load_faults faults;
};

/* Writes every block once, then goes on in random order until `writes` are acknowledged in all,
   with reads and flushes between, a progress line each tenth. False: the device gave up. */
bool load_run(struct load *l, uint64_t writes);

/* Once, before anything else. */
void load_init(struct load *l);

/* The disk was opened anew: what was under way may have happened or not. */
void load_forget(struct load *l);

/* What an earlier incarnation left, of which nothing is remembered: every block must be whole,
   or half written over what it held. */
bool load_inspect(struct load *l);

/* Says what each block must hold. */
void load_say(const struct load *l, const char *what);

/* Ends what is under way, flushes, reads every block. *crc: of what must be there. */
bool load_verify(struct load *l, uint32_t *crc);

bool load_is_clean(const struct load *l);

#endif
