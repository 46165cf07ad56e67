/*
 * Inside the UART: its registers (16550A data sheet) and rings, shared by the register model and
 * the ring side. Nobody else includes this.
 */
#ifndef VMM_VUART_STATE_H
#define VMM_VUART_STATE_H

#include "vmm/vuart.h"

#define IER_DATA    BIT(0) /* data received */
#define IER_EMPTY   BIT(1) /* transmitter holding register empty */
#define IER_LINE    BIT(2)
#define IER_MODEM   BIT(3)
#define IIR_NONE    0x01u
#define IIR_EMPTY   0x02u
#define IIR_DATA    0x04u
#define IIR_LINE    0x06u
#define IIR_MODEM   0x00u
#define IIR_FIFO    0xc0u
#define FCR_ENABLE  BIT(0)
#define FCR_CLEAR   BIT(1) /* receiver */
#define LCR_DLAB    BIT(7)
#define MCR_RTS     BIT(1)
#define MCR_LOOP    BIT(4)
#define LSR_DATA    BIT(0)
#define LSR_ERRORS  MASK(4, 1)
#define LSR_OVERRUN BIT(1)
#define LSR_EMPTY   (BIT(5) | BIT(6)) /* THRE and TEMT */
#define MSR_CTS     BIT(4)
#define MSR_DSR     BIT(5)
#define MSR_RI      BIT(6)
#define MSR_DCD     BIT(7)
#define MSR_DELTAS  MASK(3, 0)

/* Bytes [tail, head) wait; both only grow and are taken modulo the power of two `bytes`. */
struct vuart_ring {
	char *data;
	uint32_t bytes;
	uint64_t head, tail;
};

struct vuart {
	struct spinlock lock; /* guards all below */
	struct vuart_ring out, in;
	uint64_t lost;
	uint8_t ier, lcr, mcr, scratch, divisor[2];
	uint8_t errors; /* LSR bits that a read clears */
	uint8_t deltas; /* MSR bits that a read clears */
	bool fifo;
	bool empty_irq; /* the "holding register empty" interrupt is pending */
	bool line;      /* our pin of the I/O APIC */
};

static inline uint32_t vuart_ring_used(const struct vuart_ring *r)
{
	return (uint32_t)(r->head - r->tail);
}

static inline uint32_t vuart_ring_room(const struct vuart_ring *r)
{
	return r->bytes - vuart_ring_used(r);
}

static inline void vuart_ring_push(struct vuart_ring *r, char c)
{
	r->data[r->head++ % r->bytes] = c;
}

static inline char vuart_ring_pop(struct vuart_ring *r)
{
	return r->data[r->tail++ % r->bytes];
}

/* Lock held: drives the interrupt line by what is pending and enabled. */
void vuart_update_line(struct domain *d);

#endif
