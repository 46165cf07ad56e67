/*
 * Bringing an NVMe controller up (7.6.1): disable, admin queue, enable, identify, one I/O queue
 * pair with interrupt vector 0.
 */
#include "guests/service/drivers/nvme_control.h"

#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/service/dma.h"
#include "guests/service/drivers/pcifn.h"
#include "lib/string.h"

#define PAGE             4096u
#define ADMIN_DEPTH      8u
#define ADMIN_TIMEOUT_NS (2 * NS_PER_SEC)
#define TIMEOUT_UNIT_NS  (500 * NS_PER_MS)
#define TRANSFER_LIMIT   (512ull * PAGE) /* what one page of PRP entries can name */
#define STATUS_TIMEOUT   0xffffu

/* Offsets in the identify structures (5.15.2). */
#define CONTROLLER_MDTS 77u
#define CONTROLLER_ONCS 520u
#define CONTROLLER_VWC  525u
#define ONCS_MANAGE     BIT(2)
#define ONCS_ZEROES     BIT(3)
#define NAMESPACE_FLBAS 26u
#define NAMESPACE_LBAF  128u

bool nvme_control_stop(volatile uint8_t *regs)
{
	uint64_t timeout = (field_get(NVME_CAP_TO, readq(regs + NVME_CAP)) + 1) * TIMEOUT_UNIT_NS;

	writel(regs + NVME_CC, readl(regs + NVME_CC) & ~NVME_CC_EN);
	return pcifn_wait32(regs + NVME_CSTS, NVME_CSTS_RDY, 0, timeout);
}

bool nvme_control_alloc(struct nvme_control *c)
{
	c->admin.sq = dma_alloc(PAGE);
	c->admin.cq = dma_alloc(PAGE);
	c->io.sq = dma_alloc(PAGE);
	c->io.cq = dma_alloc(PAGE);
	c->page = dma_alloc(PAGE);
	return c->page;
}

/* One admin command, polled. Returns its status, 0 for success. */
static unsigned admin(struct nvme_control *c, struct nvme_command *command)
{
	struct nvme_completion done;
	uint64_t end = time_ns() + ADMIN_TIMEOUT_NS;

	nvme_queue_submit(&c->admin, command);
	while (!nvme_queue_reap(&c->admin, &done)) {
		if (time_ns() >= end)
			return STATUS_TIMEOUT;
		cpu_relax();
	}
	return done.status & 0x7ff;
}

static bool identify(struct nvme_control *c, uint32_t what, uint32_t nsid)
{
	struct nvme_command command = {
		.opcode = NVME_ADMIN_IDENTIFY,
		.nsid = nsid,
		.prp1 = dma_bus(c->page),
		.dw10 = what,
	};
	unsigned status = admin(c, &command);

	if (status)
		print("%s: identify %u failed: status %#x\n", c->name, what, status);
	return status == 0;
}

static bool find_limits(struct nvme_control *c)
{
	unsigned mdts;

	if (!identify(c, NVME_IDENTIFY_CONTROLLER, 0))
		return false;
	mdts = c->page[CONTROLLER_MDTS];
	c->transfer_max = mdts && mdts < 9 ? (uint64_t)PAGE << mdts : TRANSFER_LIMIT;
	c->has_cache = c->page[CONTROLLER_VWC] & 1;
	c->discards = c->page[CONTROLLER_ONCS] & ONCS_MANAGE;
	c->zeroes = c->page[CONTROLLER_ONCS] & ONCS_ZEROES;
	return true;
}

static bool find_namespace(struct nvme_control *c)
{
	uint32_t format;

	if (!identify(c, NVME_IDENTIFY_LIST, 0))
		return false;
	memcpy(&c->nsid, c->page, sizeof(c->nsid));
	if (!c->nsid) {
		print("%s: has no active namespace\n", c->name);
		return false;
	}
	if (!identify(c, NVME_IDENTIFY_NAMESPACE, c->nsid))
		return false;
	memcpy(&c->blocks, c->page, sizeof(c->blocks));
	memcpy(&format, c->page + NAMESPACE_LBAF + 4 * (c->page[NAMESPACE_FLBAS] & 15), 4);
	c->block = 1u << field_get(MASK(20, 16), format);
	if ((format & 0xffff) || (c->block != 512 && c->block != 4096)) {
		print("%s: blocks of %u bytes with %u bytes of metadata: only 512 or 4096 without "
		      "metadata work; reformat the namespace\n",
		      c->name, c->block, format & 0xffff);
		return false;
	}
	return true;
}

static bool make_queues(struct nvme_control *c)
{
	uint32_t size = (c->io.depth - 1) << 16 | 1;
	struct nvme_command count = { .opcode = NVME_ADMIN_SET_FEATURES,
				      .dw10 = NVME_FEATURE_QUEUES };
	struct nvme_command cq = {
		.opcode = NVME_ADMIN_CREATE_CQ, .prp1 = dma_bus(c->io.cq), .dw10 = size, .dw11 = 3
	}; /* contiguous, interrupts on, vector 0 */
	struct nvme_command sq = { .opcode = NVME_ADMIN_CREATE_SQ,
				   .prp1 = dma_bus(c->io.sq),
				   .dw10 = size,
				   .dw11 = 1 << 16 | 1 };
	unsigned status;

	(void)admin(c, &count);
	status = admin(c, &cq);
	if (!status)
		status = admin(c, &sq);
	if (status)
		print("%s: creating the I/O queues failed: status %#x\n", c->name, status);
	return status == 0;
}

static bool enable(struct nvme_control *c)
{
	uint64_t cap = readq(c->regs + NVME_CAP);
	uint64_t timeout = (field_get(NVME_CAP_TO, cap) + 1) * TIMEOUT_UNIT_NS;

	if (field_get(NVME_CAP_MPSMIN, cap)) {
		print("%s: needs pages larger than 4 KiB\n", c->name);
		return false;
	}
	memset((void *)c->admin.cq, 0, PAGE);
	memset((void *)c->io.cq, 0, PAGE);
	c->admin.depth = ADMIN_DEPTH;
	c->io.depth = (unsigned)MIN(field_get(NVME_CAP_MQES, cap) + 1, NVME_DEPTH);
	nvme_queue_init(&c->admin, c->regs, 0);
	nvme_queue_init(&c->io, c->regs, 1);
	writel(c->regs + NVME_AQA, (ADMIN_DEPTH - 1) << 16 | (ADMIN_DEPTH - 1));
	writeq(c->regs + NVME_ASQ, dma_bus(c->admin.sq));
	writeq(c->regs + NVME_ACQ, dma_bus(c->admin.cq));
	writel(c->regs + NVME_CC, NVME_CC_ENTRIES | NVME_CC_EN);
	return pcifn_wait32(c->regs + NVME_CSTS, NVME_CSTS_RDY | NVME_CSTS_CFS, NVME_CSTS_RDY,
			    timeout);
}

bool nvme_control_start(struct nvme_control *c)
{
	if (!nvme_control_stop(c->regs) || !enable(c)) {
		print("%s: the controller does not become ready (CSTS %#x)\n", c->name,
		      readl(c->regs + NVME_CSTS));
		return false;
	}
	return find_limits(c) && find_namespace(c) && make_queues(c);
}
