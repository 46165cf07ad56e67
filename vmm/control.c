/* See control.h. What does not fit into the ring stays in the port until the owner has read. */
#include "vmm/control.h"

#include "abi/cap.h"
#include "drivers/uart.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "vmm/cap.h"
#include "vmm/event.h"

#define INPUT_BYTES 4096

static struct spinlock lock; /* guards all below but the owner, and the port */
static char input[INPUT_BYTES];
static size_t head, tail; /* count for ever */

/* Fixed after boot. */
static struct domain *owner;
static uint32_t event;

static void control_fill(void)
{
	while (head - tail < INPUT_BYTES && uart_read(UART_CONTROL, &input[head % INPUT_BYTES], 1))
		head++;
}

/* The port's interrupt handler. */
static void control_input(void *arg)
{
	spin_lock(&lock);
	control_fill();
	spin_unlock(&lock);
	event_set(owner, event);
}

size_t control_read(char *buf, size_t bytes)
{
	size_t n;

	spin_lock(&lock);
	/* First: of what is taken out of the port here no interrupt will tell. */
	control_fill();
	for (n = 0; n < bytes && tail != head; n++)
		buf[n] = input[tail++ % INPUT_BYTES];
	spin_unlock(&lock);
	return n;
}

size_t control_write(const char *buf, size_t bytes)
{
	size_t n, done = 0;

	spin_lock(&lock);
	do {
		n = uart_put(UART_CONTROL, buf + done, bytes - done);
		done += n;
	} while (n && done < bytes);
	spin_unlock(&lock);
	return done;
}

void control_build(void)
{
	domain_for_each(d) {
		const struct hv_cap *cap = cap_find(d, HV_CAP_CONSOLE, HV_CONSOLE_CONTROL);

		if (!cap)
			continue;
		owner = d;
		event = cap->event;
	}
	if (owner && uart_irq_enable(UART_CONTROL, control_input, NULL) == OK)
		log_info("%s: owns the second serial port", owner->name);
}
