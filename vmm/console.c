/*
 * One owner of the serial port at any time: the hypervisor, or the multiplexer. `port_lock` guards
 * what goes out; the log takes it inside its own lock, so nobody logs while holding it.
 */
#include "vmm/console.h"

#include "drivers/uart.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vmm/cap.h"
#include "vmm/console_line.h"
#include "vmm/event.h"
#include "vmm/vuart.h"

#define INPUT_BYTES  4096
#define OUTPUT_BYTES 4096 /* of a guest's output that are printed in one go */
#define CHUNK        256
#define SELECT_KEY   0x1d /* Ctrl-]: input goes to the next domain */

static struct spinlock port_lock; /* guards the port, lines and the log's position */
static struct console_line lines[CONFIG_DOMAINS];
static uint64_t log_written; /* bytes that the log has handed to its sinks */
static uint64_t log_seen;    /* of these, what was printed or read by the multiplexer */

/* The multiplexer; NULL: the hypervisor speaks. Changed under port_lock. */
static struct domain *mux;
/* The multiplexer that died and is being started again: guests' output and keys wait for it, so
   that no line is cut. Changed under port_lock. */
static struct domain *heir;
static char port_last = '\n'; /* what the multiplexer wrote last. Changed under port_lock. */

/* Fixed after boot: who is told of new log lines, and by which event. */
static uint32_t log_event[CONFIG_DOMAINS];
static uint32_t output_event[CONFIG_DOMAINS][CONFIG_DOMAINS]; /* [multiplexer][guest] */

/* Input of the port. Boot CPU's interrupt handler in, the multiplexer out. */
static struct spinlock input_lock; /* guards the ring */
static char input[INPUT_BYTES];
static size_t input_head, input_tail; /* count for ever */
static unsigned selected;             /* domain that gets input while there is no multiplexer */

static struct domain *console_mux(void)
{
	return __atomic_load_n(&mux, __ATOMIC_ACQUIRE);
}

static struct domain *console_heir(void)
{
	return __atomic_load_n(&heir, __ATOMIC_ACQUIRE);
}

/* --- output --------------------------------------------------------------------------------- */

/* The log's sink, with the log's lock held; without it in a panic, which speaks whoever owns the
   port. */
static void console_log(const char *line, size_t bytes)
{
	if (UNLIKELY(log_is_broken())) {
		uart_log(line, bytes);
		return;
	}
	spin_lock(&port_lock);
	log_written += bytes;
	if (!mux) {
		uart_log(line, bytes);
		log_seen = log_written;
	}
	spin_unlock(&port_lock);
	domain_for_each(d)
		event_set(d, log_event[d->id]);
}

/* Prints up to OUTPUT_BYTES of what waits in a guest's ring. */
static void console_print(struct domain *d)
{
	char buf[CHUNK];
	size_t total = 0, n;

	do {
		n = vuart_take_output(d, buf, sizeof(buf));
		spin_lock(&port_lock);
		line_add(&lines[d->id], d->name, buf, n);
		spin_unlock(&port_lock);
		total += n;
	} while (n == sizeof(buf) && total < OUTPUT_BYTES);
}

void console_output(struct domain *d)
{
	struct domain *m = console_mux(), *h = console_heir();

	if (m && m != d)
		event_set(m, output_event[m->id][d->id]);
	else if (m || !h || h == d)
		console_print(d);
}

/* Log lines that nobody has seen. */
static void console_print_log(void)
{
	char buf[CHUNK];
	uint64_t pos;
	size_t n;

	spin_lock(&port_lock);
	pos = log_seen;
	log_seen = log_written;
	spin_unlock(&port_lock);
	while ((n = log_read(&pos, buf, sizeof(buf))) != 0) {
		spin_lock(&port_lock);
		uart_log(buf, n);
		spin_unlock(&port_lock);
	}
}

/* The hypervisor speaks from now on, `next` as soon as it can. */
static void console_take_port(struct domain *next)
{
	bool was_mux;

	spin_lock(&port_lock);
	was_mux = mux;
	__atomic_store_n(&heir, next, __ATOMIC_RELEASE);
	__atomic_store_n(&mux, NULL, __ATOMIC_RELEASE);
	if (port_last != '\n')
		uart_log("\n", 1);
	port_last = '\n';
	spin_unlock(&port_lock);
	if (was_mux)
		console_print_log();
}

void console_take_back(void)
{
	console_take_port(NULL);
	domain_for_each(d)
		if (d->uart)
			console_print(d);
}

void console_print_line(const char *line, size_t bytes)
{
	if (!log_is_broken())
		spin_lock(&port_lock);
	uart_log(line, bytes);
	if (!log_is_broken())
		spin_unlock(&port_lock);
}

void console_died(struct domain *d)
{
	if (d == console_mux() || d == console_heir()) {
		if (d->wants_start)
			console_take_port(d);
		else
			console_take_back();
	}
	if (!console_mux() && (!console_heir() || d == console_heir())) {
		console_print(d);
		spin_lock(&port_lock);
		line_end(&lines[d->id], d->name);
		spin_unlock(&port_lock);
	}
}

/* From now on d speaks. It is told of everything that waits. */
static void console_hand_over(struct domain *d)
{
	domain_for_each(guest) {
		line_end(&lines[guest->id], guest->name);
		event_set(d, output_event[d->id][guest->id]);
	}
	event_set(d, cap_find(d, HV_CAP_CONSOLE, HV_CONSOLE_HOST)->event);
	__atomic_store_n(&heir, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&mux, d, __ATOMIC_RELEASE);
}

int64_t console_host_write(struct domain *d, const char *buf, size_t bytes)
{
	int64_t result = HV_ERR_STATE;

	spin_lock(&port_lock);
	if (!mux)
		console_hand_over(d);
	if (mux == d) {
		result = (int64_t)uart_put(UART_CONSOLE, buf, bytes);
		if (result)
			port_last = buf[result - 1];
	}
	spin_unlock(&port_lock);
	return result;
}

void console_log_was_read(const struct domain *d, uint64_t position)
{
	spin_lock(&port_lock);
	if (d == mux && position > log_seen && position <= log_written)
		log_seen = position;
	spin_unlock(&port_lock);
}

/* --- input ---------------------------------------------------------------------------------- */

size_t console_give(struct domain *d, const char *buf, size_t bytes)
{
	size_t n = d->uart ? vuart_put_input(d, buf, bytes) : 0;
	const struct hv_cap *own = cap_find(d, HV_CAP_CONSOLE, d->id);

	if (n && own)
		event_set(d, own->event);
	return n;
}

static void console_select_next(void)
{
	selected = (selected + 1) % domain_count();
	log_info("console: keys go to %s", domain_get(selected)->name);
}

static void console_key(char key)
{
	struct domain *d = domain_get(selected);

	if (key == SELECT_KEY)
		console_select_next();
	else
		console_give(d, &key, 1);
}

static void console_keep(const char *buf, size_t bytes)
{
	spin_lock(&input_lock);
	for (size_t i = 0; i < bytes && input_head - input_tail < INPUT_BYTES; i++)
		input[input_head++ % INPUT_BYTES] = buf[i];
	spin_unlock(&input_lock);
}

/* The port's interrupt handler. */
static void console_input(void *arg)
{
	struct domain *m = console_mux();
	bool keep = m || console_heir();
	char buf[CHUNK];
	size_t n;

	while ((n = uart_read(UART_CONSOLE, buf, sizeof(buf))) != 0) {
		if (keep)
			console_keep(buf, n);
		for (size_t i = 0; !keep && i < n; i++)
			console_key(buf[i]);
	}
	if (m)
		event_set(m, cap_find(m, HV_CAP_CONSOLE, HV_CONSOLE_HOST)->event);
}

size_t console_host_read(char *buf, size_t bytes)
{
	size_t n;

	spin_lock(&input_lock);
	for (n = 0; n < bytes && input_tail != input_head; n++)
		buf[n] = input[input_tail++ % INPUT_BYTES];
	spin_unlock(&input_lock);
	return n;
}

/* --- boot ----------------------------------------------------------------------------------- */

static uint32_t console_event_of(const struct domain *d, enum hv_cap_type type, uint32_t object)
{
	const struct hv_cap *cap = cap_find(d, type, object);

	return cap ? cap->event : HV_EVENT_NONE;
}

static void console_find_events(void)
{
	domain_for_each(d) {
		log_event[d->id] = console_event_of(d, HV_CAP_LOG, 0);
		for (unsigned i = 0; i < domain_count(); i++)
			output_event[d->id][i] = console_event_of(d, HV_CAP_CONSOLE, i);
		output_event[d->id][d->id] = HV_EVENT_NONE;
	}
}

/* The first guest that is no service domain: where a user wants to type. */
static void console_select_first(void)
{
	for (unsigned i = domain_count(); i-- > 0;)
		if (!(domain_get(i)->config->flags & CONFIG_FLAG_SERVICE))
			selected = i;
}

void console_build(void)
{
	console_find_events();
	console_select_first();
	vuart_output_hook = console_output;
	log_written = log_replace_sink(uart_log, console_log);
	if (uart_irq_enable(UART_CONSOLE, console_input, NULL) != OK)
		log_warn("console: no interrupt for the serial port, so no input");
}
