/*
 * See e1000_ring.h.
 */
#include "guests/service/drivers/e1000_ring.h"

#include "guests/lib/mmio.h"
#include "guests/service/dma.h"

void e1000_rx_init(struct e1000_rx *r)
{
	r->next = 0;
	r->skips = false;
	for (unsigned i = 0; i < r->size; i++)
		r->desc[i] =
			(struct e1000_rx_desc){ .address = dma_bus(r->buffers + i * E1000_BUFFER) };
}

/* Free is what is done. */
void e1000_tx_init(struct e1000_tx *t)
{
	t->next = 0;
	for (unsigned i = 0; i < t->size; i++)
		t->desc[i] = (struct e1000_tx_desc){
			.address = dma_bus(t->buffers + i * E1000_BUFFER),
			.status = E1000_TX_DONE,
		};
}

enum e1000_rx_found e1000_rx_look(struct e1000_rx *r, struct window_part *frame)
{
	volatile struct e1000_rx_desc *d = &r->desc[r->next];
	/* Acquire: the rest of the descriptor and the frame were written before it. */
	uint8_t status = __atomic_load_n(&d->status, __ATOMIC_ACQUIRE);
	bool skips = r->skips;

	if (!(status & E1000_RX_DONE))
		return E1000_RX_NOTHING;
	frame->base = r->buffers + r->next * E1000_BUFFER;
	frame->bytes = d->bytes;
	r->skips = !(status & E1000_RX_LAST);
	if (skips || r->skips || d->errors & E1000_RX_BAD || frame->bytes > E1000_BUFFER)
		return E1000_RX_USELESS;
	return E1000_RX_FRAME;
}

void e1000_rx_next(struct e1000_rx *r)
{
	r->desc[r->next].status = 0;
	r->next = (r->next + 1) % r->size;
}

void e1000_rx_give(struct e1000_rx *r)
{
	barrier();
	writel(r->tail, (r->next + r->size - 1) % r->size);
}

/* The one behind must be free, too: were it taken, the tail would meet the card's head. */
uint8_t *e1000_tx_buffer(struct e1000_tx *t)
{
	volatile struct e1000_tx_desc *behind = &t->desc[(t->next + 1) % t->size];

	if (!(__atomic_load_n(&behind->status, __ATOMIC_ACQUIRE) & E1000_TX_DONE))
		return NULL;
	return t->buffers + t->next * E1000_BUFFER;
}

void e1000_tx_send(struct e1000_tx *t, uint32_t bytes)
{
	volatile struct e1000_tx_desc *d = &t->desc[t->next];

	d->bytes = (uint16_t)bytes;
	d->status = 0;
	d->command = E1000_TX_LAST | E1000_TX_FCS | E1000_TX_REPORT;
	t->next = (t->next + 1) % t->size;
	barrier();
	writel(t->tail, t->next);
}
