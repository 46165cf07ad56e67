/*
 * Registers, commands and completions of NVMe (NVM Express Base 1.4; section numbers there), and
 * the queue pair that both halves of the driver share.
 */
#ifndef GUESTS_SERVICE_DRIVERS_NVME_REGS_H
#define GUESTS_SERVICE_DRIVERS_NVME_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"

/* 3.1 */
#define NVME_CAP       0x00u
#define NVME_CC        0x14u
#define NVME_CSTS      0x1cu
#define NVME_AQA       0x24u
#define NVME_ASQ       0x28u
#define NVME_ACQ       0x30u
#define NVME_DOORBELLS 0x1000u

#define NVME_CAP_MQES   MASK(15, 0)
#define NVME_CAP_TO     MASK(31, 24) /* units of 500 ms */
#define NVME_CAP_DSTRD  MASK(35, 32)
#define NVME_CAP_MPSMIN MASK(51, 48)

#define NVME_CC_EN      1u
#define NVME_CC_ENTRIES (6u << 16 | 4u << 20) /* 64-byte commands, 16-byte completions */
#define NVME_CSTS_RDY   1u
#define NVME_CSTS_CFS   2u

enum {
	NVME_ADMIN_CREATE_SQ = 1,
	NVME_ADMIN_CREATE_CQ = 5,
	NVME_ADMIN_IDENTIFY = 6,
	NVME_ADMIN_SET_FEATURES = 9,
	NVME_IO_FLUSH = 0,
	NVME_IO_WRITE = 1,
	NVME_IO_READ = 2,
	NVME_IO_ZEROES = 8,
	NVME_IO_MANAGE = 9,
};

#define NVME_FEATURE_QUEUES 7u

#define NVME_IDENTIFY_NAMESPACE  0u
#define NVME_IDENTIFY_CONTROLLER 1u
#define NVME_IDENTIFY_LIST       2u

struct nvme_command {
	uint8_t opcode, flags;
	uint16_t id;
	uint32_t nsid;
	uint64_t reserved, metadata;
	uint64_t prp1, prp2;
	uint32_t dw10, dw11, dw12, dw13, dw14, dw15;
};

_Static_assert(sizeof(struct nvme_command) == 64, "4.2");

#define NVME_MANAGE_DISCARD 4u

/* What a management command names (6.7). */
struct nvme_range {
	uint32_t attributes, blocks;
	uint64_t lba;
};

struct nvme_completion {
	uint32_t result, reserved;
	uint16_t sq_head, sq_id;
	uint16_t id;
	uint16_t status; /* bit 0: phase */
};

struct nvme_queue {
	struct nvme_command *sq;
	volatile struct nvme_completion *cq;
	volatile uint8_t *sq_doorbell, *cq_doorbell;
	unsigned depth, tail, head;
	uint16_t phase;
};

/* Places queue pair `id` over zeroed memory (sq: depth * 64 bytes, cq: depth * 16). */
void nvme_queue_init(struct nvme_queue *q, volatile uint8_t *regs, unsigned id);

void nvme_queue_submit(struct nvme_queue *q, const struct nvme_command *c);

/* Takes the next completion; false if there is none. */
bool nvme_queue_reap(struct nvme_queue *q, struct nvme_completion *c);

#endif
