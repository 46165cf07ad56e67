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

static size_t ring_take(struct vuart_ring *r, char *buf, size_t bytes)
{
	size_t n = MIN(bytes, vuart_ring_used(r));
	size_t at = r->tail % r->bytes, first = MIN(n, r->bytes - at);

	memcpy(buf, r->data + at, first);
	memcpy(buf + first, r->data, n - first);
	r->tail += n;
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

size_t vuart_take_output(struct domain *d, char *buf, size_t bytes)
{
	struct vuart *u = d->uart;
	bool was_full;
	size_t n;

	spin_lock(&u->lock);
	was_full = vuart_ring_room(&u->out) == 0;
	n = ring_take(&u->out, buf, bytes);
	if (was_full && n) {
		u->empty_irq = true;
		vuart_update_line(d);
	}
	spin_unlock(&u->lock);
	return n;
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
	n = ring_take(&u->in, buf, bytes);
	vuart_update_line(d);
	spin_unlock(&u->lock);
	return n;
}

uint64_t vuart_lost(const struct domain *d)
{
	return __atomic_load_n(&d->uart->lost, __ATOMIC_RELAXED);
}
