/*
 * The UART's registers and interrupts. A byte written goes out at once, so the transmitter is empty
 * unless the ring is full; the "empty" interrupt is an event all the same: it comes after each
 * write and when it is enabled, and goes when IIR reports it. Linux's driver relies on both.
 */
#include "vmm/vuart_state.h"

#include "abi/platform.h"
#include "vmm/vioapic.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };

static uint8_t lsr(const struct vuart *u)
{
	return u->errors | (vuart_ring_used(&u->in) ? LSR_DATA : 0) |
	       (vuart_ring_room(&u->out) ? LSR_EMPTY : 0);
}

/* The highest pending source that is enabled, in the chip's order. */
static uint8_t iir(const struct vuart *u)
{
	if (u->ier & IER_LINE && u->errors)
		return IIR_LINE;
	if (u->ier & IER_DATA && vuart_ring_used(&u->in))
		return IIR_DATA;
	if (u->ier & IER_EMPTY && u->empty_irq)
		return IIR_EMPTY;
	if (u->ier & IER_MODEM && u->deltas)
		return IIR_MODEM;
	return IIR_NONE;
}

void vuart_update_line(struct domain *d)
{
	bool level = iir(d->uart) != IIR_NONE;

	if (level == d->uart->line)
		return;
	d->uart->line = level;
	vioapic_set_line(d, HV_GSI_UART, level);
}

/* A terminal is always there; in loopback MCR's outputs come back (OUT2, OUT1, DTR, RTS). */
static uint8_t modem_inputs(const struct vuart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_DCD | MSR_DSR | MSR_CTS;
	return (u->mcr & 0xc) << 4 | (u->mcr & MCR_RTS) << 3 | (u->mcr & 1) << 5;
}

static void write_mcr(struct vuart *u, uint8_t value)
{
	uint8_t before = modem_inputs(u), changed;

	u->mcr = value & MASK(4, 0);
	changed = (before ^ modem_inputs(u)) >> 4;
	/* The ring indicator has a delta on its falling edge only. */
	if (!(before & MSR_RI))
		changed &= ~BIT(2);
	u->deltas |= changed & MSR_DELTAS;
}

/* True if the console's owner should be told. */
static bool write_data(struct vuart *u, char c)
{
	bool was_empty = vuart_ring_used(&u->out) == 0;

	u->empty_irq = false;
	if (u->mcr & MCR_LOOP) {
		if (vuart_ring_room(&u->in))
			vuart_ring_push(&u->in, c);
		else
			u->errors |= LSR_OVERRUN;
		u->empty_irq = true;
		return false;
	}
	if (!vuart_ring_room(&u->out)) {
		u->lost++;
		return false;
	}
	vuart_ring_push(&u->out, c);
	u->empty_irq = vuart_ring_room(&u->out);
	return was_empty || c == '\n';
}

static void write_ier(struct vuart *u, uint8_t value)
{
	uint8_t enabled = value & ~u->ier;

	u->ier = value & MASK(3, 0);
	if (enabled & IER_EMPTY && vuart_ring_room(&u->out))
		u->empty_irq = true;
}

/* What waits in `in` has not come over the wire yet as far as loopback tests can tell, so clearing
   the receiver drops it in loopback only. */
static void write_fcr(struct vuart *u, uint8_t value)
{
	u->fifo = value & FCR_ENABLE;
	if (value & FCR_CLEAR && u->mcr & MCR_LOOP)
		u->in.tail = u->in.head;
}

static bool write_register(struct vuart *u, unsigned reg, uint8_t value)
{
	if (reg <= REG_IER && u->lcr & LCR_DLAB) {
		u->divisor[reg] = value;
		return false;
	}
	switch (reg) {
	case REG_DATA: return write_data(u, (char)value);
	case REG_IER: write_ier(u, value); break;
	case REG_IIR_FCR: write_fcr(u, value); break;
	case REG_LCR: u->lcr = value; break;
	case REG_MCR: write_mcr(u, value); break;
	case REG_SCRATCH: u->scratch = value; break;
	}
	return false;
}

static uint8_t read_iir(struct vuart *u)
{
	uint8_t source = iir(u);

	if (source == IIR_EMPTY)
		u->empty_irq = false;
	return source | (u->fifo ? IIR_FIFO : 0);
}

static uint8_t read_and_clear(uint8_t value, uint8_t *clear)
{
	*clear = 0;
	return value;
}

static uint8_t read_register(struct vuart *u, unsigned reg)
{
	if (reg <= REG_IER && u->lcr & LCR_DLAB)
		return u->divisor[reg];
	switch (reg) {
	case REG_DATA: return vuart_ring_used(&u->in) ? (uint8_t)vuart_ring_pop(&u->in) : 0;
	case REG_IER: return u->ier;
	case REG_IIR_FCR: return read_iir(u);
	case REG_LCR: return u->lcr;
	case REG_MCR: return u->mcr;
	case REG_LSR: return read_and_clear(lsr(u), &u->errors);
	case REG_MSR: return read_and_clear(modem_inputs(u) | u->deltas, &u->deltas);
	default: return u->scratch;
	}
}

/* Registers are bytes: of a wider access the first byte counts, the rest reads as ones. */
enum verdict vuart_pio(struct vcpu *v, struct io_access *a)
{
	struct domain *d = v->domain;
	struct vuart *u = d->uart;
	unsigned reg = a->address & 7;
	bool tell = false;

	spin_lock(&u->lock);
	if (a->write)
		tell = write_register(u, reg, (uint8_t)a->data);
	else
		a->data = (ones(a->size) & ~0xffull) | read_register(u, reg);
	vuart_update_line(d);
	spin_unlock(&u->lock);
	if (tell && vuart_output_hook)
		vuart_output_hook(d);
	return VERDICT_DONE;
}
