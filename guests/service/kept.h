/*
 * What survives the service domain: a header page, then KEPT_PAGE bytes for each served device, in
 * the order of boot->serve; at the end, where there is room, the console multiplexer (console.c).
 *
 *   kept region   | header | device 0 | device 1 | ...            | multiplexer |
 *
 * The identity of a device (what the config says) is under a checksum; the rest changes by single
 * ordered stores, is written for the guest's own registers and is checked wherever it is used, like
 * guest input. A page whose identity does not fit is started anew, with a line that says so.
 */
#ifndef GUESTS_SERVICE_KEPT_H
#define GUESTS_SERVICE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/boot.h"
#include "guests/service/inflight.h"

#define KEPT_MAGIC   0x54504b484b4c42ull
#define KEPT_VERSION 3
#define KEPT_PAGE    8192 /* a device, and the header */
#define KEPT_QUEUES  6
#define KEPT_VECTORS 8
#define KEPT_BARS    2
#define KEPT_MODEL   512

struct kept_queue {
	uint64_t desc, avail, used; /* guest-physical */
	uint16_t size, vector;
	uint16_t enabled; /* stored last when a queue is enabled, first when it is stopped */
	uint16_t reserved;
	struct inflight inflight;
};

struct kept_vector {
	uint64_t address;
	uint32_t data;
	uint32_t control; /* bit 0: masked */
};

struct kept_device {
	/* identity: static, under crc */
	uint64_t magic;
	uint32_t version, bytes;
	uint32_t guest, kind, function, queues;
	uint32_t crc; /* CRC-32C of what stands above */

	uint32_t incarnation; /* of the guest to which the state below belongs; stored last */

	/* PCI */
	uint32_t bar[KEPT_BARS];    /* the I/O BAR (0) and the memory BAR (2), without flag bits */
	uint32_t mapped[KEPT_BARS]; /* where ranges may be registered; 0: nowhere */
	uint32_t command;
	uint32_t msix_control;
	uint32_t interrupt_line;
	uint32_t access_bar, access_offset, access_length; /* the PCI access capability */
	uint64_t msix_pending;
	struct kept_vector vector[KEPT_VECTORS];

	/* virtio; status 0 says that all the rest of it is as after a reset */
	uint32_t status;
	uint32_t broken; /* DEVICE_NEEDS_RESET has been reported */
	uint32_t feature_select, driver_select;
	uint32_t driver_features[2];
	uint32_t queue_select;
	uint32_t config_vector;
	struct kept_queue queue[KEPT_QUEUES];

	uint64_t model[KEPT_MODEL / 8]; /* what else the guest has set: the model's */
};

_Static_assert(sizeof(struct kept_device) <= KEPT_PAGE, "a device is a page");
_Static_assert(offsetof(struct kept_device, crc) == 32, "identity has no holes");

struct kept_header {
	uint64_t magic;
	uint32_t version, bytes; /* of the region's used part */
	uint64_t in_process;     /* the head at work: see kept_process; 0: none */
	uint64_t fallbacks;      /* bit i: entry i of boot->serve uses its fallback; */
	uint64_t decided;        /* ... once this is 1, for as long as the machine runs */
};

/* Says that a head is being worked on, for the poison rule; a single store. The deaths that are
   counted for it so far go with it, so that a repair done twice counts once. */
void kept_process(unsigned device, unsigned queue, unsigned head);
void kept_process_end(void);

/* The mark of the head at work, for one who works on a second head meanwhile and puts the mark of
   the first one back. */
uint64_t kept_process_mark(void);
void kept_process_restore(uint64_t mark);

/* At how many deaths the head at work was at work before; 0 also where none is. */
unsigned kept_process_deaths(void);

/* Lays the devices out in [base, base + bytes). Zeroed memory is a first start. False, with a line
   printed, if the region is too small for `count` devices. */
bool kept_open(void *base, uint64_t bytes, unsigned count);

/* Which entries use their fallbacks. False: no instance has decided yet. A disk that does not
   answer a later instance must not be taken for one that never was. */
bool kept_fallbacks(uint64_t *entries);
void kept_decide_fallbacks(uint64_t entries);

/* Device number i for this config entry; sets *found if its state is there from an earlier
   instance. Otherwise only the identity is filled in and the rest is zero. */
struct kept_device *kept_device(unsigned i, const struct hv_served *served, unsigned queues,
				bool *found);

/* The head that was at work when the last instance died gets its death counted. Call after every
   kept_device(), before queues are recovered. */
void kept_count_death(void);

#endif
