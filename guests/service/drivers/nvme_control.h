/*
 * The controller half of the NVMe driver: reset, identify, queues. Everything here is polled, at
 * start and at the one reset that a silent controller gets.
 */
#ifndef GUESTS_SERVICE_DRIVERS_NVME_CONTROL_H
#define GUESTS_SERVICE_DRIVERS_NVME_CONTROL_H

#include "abi/boot.h"
#include "guests/service/drivers/nvme_regs.h"

#define NVME_DEPTH 64u

struct nvme_control {
	const struct hv_device *device;
	const char *name;
	volatile uint8_t *regs;
	struct nvme_queue admin, io;
	uint8_t *page; /* for identify */

	/* found out at start */
	uint32_t nsid, block;
	uint64_t blocks;
	uint64_t transfer_max; /* bytes a command */
	bool has_cache, discards, zeroes;
};

/* CC.EN = 0 and CSTS.RDY = 0. False: the controller does not obey. */
bool nvme_control_stop(volatile uint8_t *regs);

/* Queue memory from the DMA pool; once. False: the pool is too small. */
bool nvme_control_alloc(struct nvme_control *c);

/* Stops and starts the controller, finds the namespace and makes the I/O queues. False, with a
   line that says why. */
bool nvme_control_start(struct nvme_control *c);

#endif
