/*
 * The UART's rings, as the console's owner sees them, and its life. Output waits until it is taken,
 * also over a restart of the domain; taking it from a full ring makes the transmitter empty again,
 * which the guest may wait for.
 */
#include "vmm/vuart_state.h"

#include "lib/string.h"
#include "mm/frames.h"

void (*vuart_output_hook)(struct domain *d);

static_assert((VUART_OUT_BYTES & (VUART_OUT_BYTES - 1)) == 0, "rings wrap at a power of two");
static_assert((VUART_IN_BYTES & (VUART_IN_BYTES - 1)) == 0, "rings wrap at a power of two");

void vuart_init(struct domain *d)
{
	struct vuart *u = frames_hv(1);

	u->out = (struct vuart_ring){ frames_hv(VUART_OUT_BYTES / PAGE_SIZE), VUART_OUT_BYTES, 0,
				      0 };
	u->in = (struct vuart_ring){ frames_hv(VUART_IN_BYTES / PAGE_SIZE), VUART_IN_BYTES, 0, 0 };
	d->uart = u;
}

void vuart_reset(struct domain *d)
{
	struct vuart *u = d->uart;

	spin_lock(&u->lock);
	u->in.tail = u->in.head;
	u->ier = u->lcr = u->mcr = u->scratch = u->divisor[0] = u->divisor[1] = 0;
	u->errors = u->deltas = 0;
	u->fifo = u->empty_irq = u->line = false;
	spin_unlock(&u->lock);
}

/* A position in what waits. */
static uint64_t ring_clamp(const struct vuart_ring *r, uint64_t position)
{
	return position - r->tail <= r->head - r->tail ? position : r->tail;
}

static size_t ring_peek(const struct vuart_ring *r, uint64_t from, char *buf, size_t bytes)
{
	size_t n = MIN(bytes, r->head - from);
	size_t at = from % r->bytes, first = MIN(n, r->bytes - at);

	memcpy(buf, r->data + at, first);
	memcpy(buf + first, r->data, n - first);
	return n;
}

static size_t ring_put(struct vuart_ring *r, const char *buf, size_t bytes)
{
	size_t n = MIN(bytes, vuart_ring_room(r));
	size_t at = r->head % r->bytes, first = MIN(n, r->bytes - at);

	memcpy(r->data + at, buf, first);
	memcpy(r->data, buf + first, n - first);
	r->head += n;
	return n;
}

/* Lock held: output before this position is taken. */
static void out_drop(struct domain *d, uint64_t position)
{
	struct vuart *u = d->uart;
	bool was_full = vuart_ring_room(&u->out) == 0;

	u->out.tail = position;
	if (was_full && vuart_ring_room(&u->out)) {
		u->empty_irq = true;
		vuart_update_line(d);
	}
}

size_t vuart_take_output(struct domain *d, char *buf, size_t bytes)
{
	struct vuart *u = d->uart;
	size_t n;

	spin_lock(&u->lock);
	n = ring_peek(&u->out, u->out.tail, buf, bytes);
	out_drop(d, u->out.tail + n);
	spin_unlock(&u->lock);
	return n;
}

size_t vuart_peek_output(struct domain *d, uint64_t *position, char *buf, size_t bytes)
{
	struct vuart *u = d->uart;
	size_t n;

	spin_lock(&u->lock);
	*position = ring_clamp(&u->out, *position);
	n = ring_peek(&u->out, *position, buf, bytes);
	spin_unlock(&u->lock);
	*position += n;
	return n;
}

uint64_t vuart_drop_output(struct domain *d, uint64_t position)
{
	struct vuart *u = d->uart;

	spin_lock(&u->lock);
	position = ring_clamp(&u->out, position);
	out_drop(d, position);
	spin_unlock(&u->lock);
	return position;
}

static bool has_newline(const char *buf, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (buf[i] == '\n')
			return true;
	return false;
}

size_t vuart_put_output(struct domain *d, const char *buf, size_t bytes)
{
	struct vuart *u = d->uart;
	bool was_empty;
	size_t n;

	spin_lock(&u->lock);
	was_empty = vuart_ring_used(&u->out) == 0;
	n = ring_put(&u->out, buf, bytes);
	spin_unlock(&u->lock);
	if (n && vuart_output_hook && (was_empty || has_newline(buf, n)))
		vuart_output_hook(d);
	return n;
}

size_t vuart_put_input(struct domain *d, const char *buf, size_t bytes)
{
	struct vuart *u = d->uart;
	size_t n;

	spin_lock(&u->lock);
	n = ring_put(&u->in, buf, bytes);
	vuart_update_line(d);
	spin_unlock(&u->lock);
	return n;
}

size_t vuart_take_input(struct domain *d, char *buf, size_t bytes)
{
	struct vuart *u = d->uart;
	size_t n;

	spin_lock(&u->lock);
	n = ring_peek(&u->in, u->in.tail, buf, bytes);
	u->in.tail += n;
	vuart_update_line(d);
	spin_unlock(&u->lock);
	return n;
}

uint64_t vuart_lost(const struct domain *d)
{
	return __atomic_load_n(&d->uart->lost, __ATOMIC_RELAXED);
}
