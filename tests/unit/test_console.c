/*
 * The serial port: named lines while nobody multiplexes, silence while somebody does, everything
 * that was missed when it dies.
 */
// sources: vmm/console.c vmm/console_line.c vmm/hc_console.c vmm/event.c vmm/cap.c
// sources: vmm/control.c
// sources: lib/log.c lib/format.c lib/string.c mm/pool.c tests/unit/fake_domains.c
#include "vmm/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/uart.h"
#include "lib/log.h"
#include "tests/unit/fake_devices.h"
#include "tests/unit/fake_domains.h"
#include "vmm/cap.h"
#include "vmm/control.h"
#include "vmm/event.h"
#include "vmm/hypercall.h"
#include "vmm/vuart.h"

static char port[65536], ring[FAKE_DOMAINS][1024], given[64];
static size_t port_bytes, ring_bytes[FAKE_DOMAINS], ring_taken[FAKE_DOMAINS], given_bytes;
static unsigned given_to;
static const char *typed = "";
static irq_handler_fn *input;

void (*vuart_output_hook)(struct domain *d);

void uart_write(const char *buf, size_t bytes)
{
	memcpy(port + port_bytes, buf, bytes);
	port_bytes += bytes;
}

void uart_log(const char *line, size_t bytes)
{
	uart_write(line, bytes);
}

/* The control port's peer: what it sends, as fast as it is taken, and what it has got. */
static char sent[8192], got[64];
static size_t sent_at, got_bytes;
static irq_handler_fn *control_interrupt;

size_t uart_put(enum uart u, const char *buf, size_t bytes)
{
	size_t n = MIN(bytes, (size_t)16);

	if (u == UART_CONSOLE) {
		uart_write(buf, n);
		return n;
	}
	if (got_bytes)
		return 0;
	memcpy(got + got_bytes, buf, n);
	got_bytes += n;
	return n;
}

size_t uart_read(enum uart u, char *buf, size_t bytes)
{
	size_t n = strlen(typed);

	if (u == UART_CONTROL) {
		n = MIN(bytes, strlen(sent + sent_at));
		memcpy(buf, sent + sent_at, n);
		sent_at += n;
		return n;
	}

	memcpy(buf, typed, n);
	typed = "";
	return n;
}

enum err uart_irq_enable(enum uart u, irq_handler_fn *fn, void *arg)
{
	if (u == UART_CONSOLE)
		input = fn;
	else
		control_interrupt = fn;
	return OK;
}

size_t vuart_take_output(struct domain *d, char *buf, size_t bytes)
{
	size_t n = MIN(bytes, ring_bytes[d->id]);

	memcpy(buf, ring[d->id], n);
	memmove(ring[d->id], ring[d->id] + n, ring_bytes[d->id] - n);
	ring_bytes[d->id] -= n;
	ring_taken[d->id] += n;
	return n;
}

size_t vuart_peek_output(struct domain *d, uint64_t *position, char *buf, size_t bytes)
{
	size_t skip = *position - ring_taken[d->id], n = MIN(bytes, ring_bytes[d->id] - skip);

	memcpy(buf, ring[d->id] + skip, n);
	*position += n;
	return n;
}

uint64_t vuart_drop_output(struct domain *d, uint64_t position)
{
	char buf[sizeof(ring[0])];

	if (position > ring_taken[d->id])
		vuart_take_output(d, buf, position - ring_taken[d->id]);
	return ring_taken[d->id];
}

size_t vuart_put_output(struct domain *d, const char *buf, size_t bytes)
{
	memcpy(ring[d->id] + ring_bytes[d->id], buf, bytes);
	ring_bytes[d->id] += bytes;
	vuart_output_hook(d);
	return bytes;
}

size_t vuart_put_input(struct domain *d, const char *buf, size_t bytes)
{
	given_to = d->id;
	memcpy(given + given_bytes, buf, bytes);
	given_bytes += bytes;
	return bytes;
}

size_t vuart_take_input(struct domain *d, char *buf, size_t bytes)
{
	return 0;
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
}

void timer_set(struct timer *t, uint64_t at)
{
}

static void says(unsigned n, const char *text)
{
	vuart_put_output(&fake_domains[n], text, strlen(text));
}

/* What went out since the last call. */
static void expect(const char *text)
{
	port[port_bytes] = 0;
	port_bytes = 0;
	assert_string_equal(port, text);
}

static struct domain *d;

/* The console is built once; the multiplexer is dead at the beginning of each test. */
static int build_once(void **state)
{
	fake_domains_reset();
	for (unsigned i = 0; i < FAKE_DOMAINS; i++)
		fake_domains[i].uart = (struct vuart *)port;
	d = &fake_domains[SERVER];
	fake_configs[SERVER].rights = CONFIG_RIGHT_CONSOLE;
	event_build(d);
	caps_build();
	log_add_sink(uart_log);
	log_info("boot");
	console_build();
	control_build();
	return 0;
}

static int no_mux(void **state)
{
	console_died(d);
	for (unsigned i = 0; i < FAKE_DOMAINS; i++)
		console_died(&fake_domains[i]);
	memset(d->vcpu[0]->events, 0, PAGE_SIZE);
	port_bytes = given_bytes = 0;
	memset(given, 0, sizeof(given));
	return 0;
}

static int64_t host_write(const char *text)
{
	const struct hv_cap *cap = cap_find(d, HV_CAP_CONSOLE, HV_CONSOLE_HOST);
	int64_t result = 0;

	hc_console_write(d->vcpu[0], (uint64_t[5]){ cap->handle, (uintptr_t)text, strlen(text) },
			 &result);
	return result;
}

static uint32_t event_of(enum hv_cap_type type, uint32_t object)
{
	return cap_find(d, type, object)->event;
}

static void the_log_is_printed_once(void **state)
{
	port_bytes = 4;
	expect("boot");
	log_info("line");
	expect("line\n");
}

static void guests_lines_carry_their_names(void **state)
{
	says(GUEST, "hel");
	expect("");
	says(OTHER, "I\r\n");
	says(GUEST, "lo\nwor");
	expect("[other] I\r\n[guest] hello\r\n");
	console_died(&fake_domains[GUEST]);
	expect("[guest] wor\r\n");
}

static void the_port_takes_a_few_bytes_at_once(void **state)
{
	assert_int_equal(host_write("many bytes, of which it takes the first"), 16);
	expect("many bytes, of w");
}

static void the_multiplexer_owns_the_port(void **state)
{
	assert_int_equal(host_write("mux"), 3);
	assert_int_equal(console_host_write(&fake_domains[OTHER], "x", 1), HV_ERR_STATE);
	fake_take_event(SERVER, event_of(HV_CAP_CONSOLE, GUEST));
	says(GUEST, "hello\n");
	log_info("not seen");
	expect("mux");
	assert_true(fake_take_event(SERVER, event_of(HV_CAP_CONSOLE, GUEST)));
	assert_true(fake_take_event(SERVER, event_of(HV_CAP_LOG, 0)));
	says(SERVER, "my own\n");
	expect("[server] my own\r\n");
	no_mux(state);
}

static void what_nobody_saw_comes_out_when_the_multiplexer_dies(void **state)
{
	uint64_t position = 0;
	char buf[4096];

	host_write("mux");
	log_info("read by the mux");
	while (log_read(&position, buf, sizeof(buf)))
		;
	console_log_was_read(d, position);
	log_info("last words");
	says(GUEST, "hello\n");
	port_bytes = 0;
	console_died(d);
	/* The line that the multiplexer had begun is ended first. */
	expect("\nlast words\n[guest] hello\r\n");
	log_info("again");
	expect("again\n");
}

static void guests_and_keys_wait_for_a_multiplexer_that_comes_back(void **state)
{
	char buf[16];

	host_write("mux");
	d->wants_start = true;
	console_died(d);
	port_bytes = 0;
	says(GUEST, "hel");
	console_died(&fake_domains[GUEST]);
	log_info("of the log");
	typed = "key";
	input(NULL);
	expect("of the log\n");
	host_write("new mux");
	expect("new mux");
	assert_true(fake_take_event(SERVER, event_of(HV_CAP_CONSOLE, GUEST)));
	assert_true(fake_take_event(SERVER, event_of(HV_CAP_CONSOLE, HV_CONSOLE_HOST)));
	assert_int_equal(console_host_read(buf, sizeof(buf)), 3);
	console_died(d);
	d->wants_start = false;
	console_died(d);
	says(GUEST, "lo\n");
	expect("\n[guest] hello\r\n");
}

static size_t guest_text(char *buf, uint64_t *position)
{
	const struct hv_cap *cap = cap_find(d, HV_CAP_CONSOLE, GUEST);
	int64_t result = 0;

	hc_console_read(d->vcpu[0],
			(uint64_t[5]){ cap->handle, (uintptr_t)buf, 512, (uintptr_t)position },
			&result);
	return (size_t)result;
}

static void what_the_multiplexer_read_waits_until_it_says_that_it_has_it(void **state)
{
	uint64_t position = 0, first;
	char text[301] = { 0 }, buf[512];

	host_write("mux");
	memset(text, 'x', 300);
	says(GUEST, text);
	assert_int_equal(guest_text(buf, &position), 300);
	assert_memory_equal(buf, text, 300);
	first = position - 300;
	assert_int_equal(guest_text(buf, &first), 300);
	assert_int_equal(first, position);
	assert_int_equal(guest_text(buf, &position), 0);
	/* Without a position it is taken at once. */
	says(GUEST, "hello");
	assert_int_equal(guest_text(buf, NULL), 5);
	assert_int_equal(guest_text(buf, NULL), 0);
	no_mux(state);
}

static size_t log_text(uint64_t *position)
{
	char buf[4096];
	int64_t result = 0;

	hc_log_read(d->vcpu[0],
		    (uint64_t[5]){ cap_find(d, HV_CAP_LOG, 0)->handle, (uintptr_t)position,
				   (uintptr_t)buf, sizeof(buf) },
		    &result);
	return (size_t)result;
}

static void a_log_line_that_died_with_its_reader_is_printed(void **state)
{
	uint64_t position = 0, dead;

	host_write("mux");
	while (log_text(&position))
		;
	log_info("in its hands");
	dead = position;
	assert_int_equal(log_text(&dead), strlen("in its hands\n"));
	port_bytes = 0;
	console_died(d);
	expect("\nin its hands\n");
	host_write("mux\n");
	log_info("put out");
	while (log_text(&position))
		;
	port_bytes = 0;
	console_died(d);
	expect("");
}

static void keys_go_to_the_multiplexer_or_to_one_guest(void **state)
{
	char buf[16];

	typed = "ab";
	input(NULL);
	assert_string_equal(given, "ab");
	assert_int_equal(given_to, GUEST);
	typed = "\x1d"
		"c";
	input(NULL);
	assert_int_equal(given_to, OTHER);
	host_write("mux");
	typed = "xyz";
	input(NULL);
	assert_true(fake_take_event(SERVER, event_of(HV_CAP_CONSOLE, HV_CONSOLE_HOST)));
	assert_int_equal(console_host_read(buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "xyz", 3);
	assert_string_equal(given, "abc");
}

static void the_control_port_loses_nothing_that_waits_in_it(void **state)
{
	static char buf[sizeof(sent)];
	size_t total = 0, n;

	for (size_t i = 0; i < sizeof(sent) - 1; i++)
		sent[i] = 'a' + i % 26;
	control_interrupt(NULL);
	assert_true(fake_take_event(SERVER, event_of(HV_CAP_CONSOLE, HV_CONSOLE_CONTROL)));
	while ((n = control_read(buf + total, 100)) != 0)
		total += n;
	assert_int_equal(total, sizeof(sent) - 1);
	assert_string_equal(buf, sent);
}

/* The port tells of a few bytes only after a while: until then nobody takes them unseen. */
static void a_read_leaves_no_byte_behind_that_nobody_tells_of(void **state)
{
	char buf[16];

	strcpy(sent, "abc");
	sent_at = 0;
	assert_int_equal(control_read(buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(control_read(buf, sizeof(buf)), 0);
}

static void the_control_port_takes_what_its_transmitter_takes(void **state)
{
	const struct hv_cap *cap = cap_find(d, HV_CAP_CONSOLE, HV_CONSOLE_CONTROL);
	const char *text = "0123456789abcdefgh";
	int64_t result = 0;

	hc_console_write(d->vcpu[0], (uint64_t[5]){ cap->handle, (uintptr_t)text, 18 }, &result);
	assert_int_equal(result, 16);
	assert_memory_equal(got, text, 16);
	expect("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_is_printed_once),
		cmocka_unit_test_setup(guests_lines_carry_their_names, no_mux),
		cmocka_unit_test_setup(the_port_takes_a_few_bytes_at_once, no_mux),
		cmocka_unit_test_setup(the_multiplexer_owns_the_port, no_mux),
		cmocka_unit_test_setup(what_nobody_saw_comes_out_when_the_multiplexer_dies, no_mux),
		cmocka_unit_test_setup(guests_and_keys_wait_for_a_multiplexer_that_comes_back,
				       no_mux),
		cmocka_unit_test_setup(what_the_multiplexer_read_waits_until_it_says_that_it_has_it,
				       no_mux),
		cmocka_unit_test_setup(a_log_line_that_died_with_its_reader_is_printed, no_mux),
		cmocka_unit_test_setup(the_control_port_loses_nothing_that_waits_in_it, no_mux),
		cmocka_unit_test_setup(a_read_leaves_no_byte_behind_that_nobody_tells_of, no_mux),
		cmocka_unit_test_setup(the_control_port_takes_what_its_transmitter_takes, no_mux),
		cmocka_unit_test_setup(keys_go_to_the_multiplexer_or_to_one_guest, no_mux),
	};

	return cmocka_run_group_tests(tests, build_once, NULL);
}
