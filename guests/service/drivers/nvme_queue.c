/*
 * A pair of NVMe queues (4.1, 4.6): commands in one ring, completions with a phase bit in another.
 */
#include "guests/lib/mmio.h"
#include "guests/service/drivers/nvme_regs.h"

void nvme_queue_init(struct nvme_queue *q, volatile uint8_t *regs, unsigned id)
{
	unsigned stride = 4u << field_get(NVME_CAP_DSTRD, readq(regs + NVME_CAP));

	q->sq_doorbell = regs + NVME_DOORBELLS + 2 * id * stride;
	q->cq_doorbell = q->sq_doorbell + stride;
	q->tail = q->head = 0;
	q->phase = 1;
}

/* The caller has a slot for each command under way, fewer than the depth: the ring has room. */
void nvme_queue_submit(struct nvme_queue *q, const struct nvme_command *c)
{
	q->sq[q->tail] = *c;
	q->tail = (q->tail + 1) % q->depth;
	barrier();
	writel(q->sq_doorbell, q->tail);
}

bool nvme_queue_reap(struct nvme_queue *q, struct nvme_completion *c)
{
	volatile struct nvme_completion *at = &q->cq[q->head];
	uint16_t status = __atomic_load_n(&at->status, __ATOMIC_ACQUIRE);

	if ((status & 1) != q->phase)
		return false;
	c->result = at->result;
	c->id = at->id;
	c->status = status >> 1;
	if (++q->head == q->depth) {
		q->head = 0;
		q->phase ^= 1;
	}
	writel(q->cq_doorbell, q->head);
	return true;
}
