/*
 * See control.h. One request at a time: the next one is read when the answer is out, and waits in
 * the port until then. An order takes effect soon after the hypervisor has taken it; the answer
 * waits for that, WAIT_NS at most, and says what the domain has come to, so that a script's next
 * request finds it so.
 */
#include "guests/service/control.h"

#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/commands.h"
#include "guests/service/request.h"
#include "lib/string.h"

#define RETRY_NS (NS_PER_MS / 2)
#define LOOK_NS  (NS_PER_MS / 4)
#define WAIT_NS  (1000 * NS_PER_MS)
#define DRAIN_NS (5 * NS_PER_MS)

static const struct hv_cap *port;
static struct timer timer;

/* The line that comes in; a longer one is dropped to its end. */
static char line[REQUEST_BYTES];
static size_t line_bytes;
static bool line_is_long;
static char input[64];
static size_t input_at, input_bytes;

/* The line that goes out. */
static struct reply reply;
static size_t sent;
static uint64_t wait_end; /* TSC; 0: the reply does not wait for an order */

/* What is done when the port's transmitter has sent the last bytes, too: it may end this instance,
   so requests wait until it has been. */
static struct timer after_timer;
static void (*after)(int detail);
static int after_detail;

/* What the client was told last of each peer. */
static bool events_on;
static struct {
	uint32_t state, incarnation;
} told[HV_BOOT_PEERS];

static void pump(void *arg);

/* --- out ------------------------------------------------------------------------------------ */

static void finish(void)
{
	wait_end = 0;
	sent = 0;
	request_end(&reply);
}

static void run_after(void *arg)
{
	void (*now)(int) = after;

	after = NULL;
	now(after_detail);
	pump(NULL);
}

/* False if the port takes no more now. */
static bool send(void)
{
	while (sent < reply.bytes) {
		int64_t n = hv_console_write(port->handle, reply.text + reply.start + sent,
					     reply.bytes - sent);

		if (n <= 0)
			return false;
		sent += (size_t)n;
	}
	if (reply.answer.after) {
		after = reply.answer.after;
		after_detail = reply.answer.after_detail;
		timer_set_ns(&after_timer, DRAIN_NS, run_after, NULL);
		reply.answer.after = NULL;
	}
	return true;
}

/* --- orders --------------------------------------------------------------------------------- */

static bool order_shows(const struct hv_domain_info *info)
{
	bool again =
		info->incarnation != reply.answer.incarnation && info->state != HV_STATE_RESTARTING;

	switch (reply.answer.order) {
	case HV_DOMAIN_KILL: return info->state == HV_STATE_OFF || info->state == HV_STATE_DEAD;
	case HV_DOMAIN_START:
	case HV_DOMAIN_RESTART: return again;
	case HV_DOMAIN_CRASH: return again || info->state == HV_STATE_DEAD;
	case HV_DOMAIN_PAUSE: return info->state != HV_STATE_RUNNING;
	case HV_DOMAIN_RESUME: return info->state != HV_STATE_PAUSED;
	default: return true;
	}
}

/* False: the order does not show yet. */
static bool look_at_order(void)
{
	const struct hv_cap *cap = boot_cap(HV_CAP_DOMAIN, reply.answer.domain);
	struct hv_domain_info info;

	if (cap && hv_domain_info(cap->handle, &info) >= 0) {
		if (!order_shows(&info) && rdtsc() < wait_end)
			return false;
		command_state(&reply.answer, &info);
	}
	finish();
	return true;
}

/* --- events --------------------------------------------------------------------------------- */

static void remember_peer(unsigned i)
{
	told[i].state = boot->peer[i].state;
	told[i].incarnation = boot->peer[i].incarnation;
}

/* The next change that was not told; false if there is none. */
static bool next_event(void)
{
	for (unsigned i = 0; events_on && i < boot->peers; i++) {
		const volatile struct hv_peer *p = &boot->peer[i];

		if (p->state == told[i].state && p->incarnation == told[i].incarnation)
			continue;
		remember_peer(i);
		request_event(&reply, "state");
		command_peer(&reply.answer, (const char *)p->name, told[i].state,
			     told[i].incarnation);
		finish();
		return true;
	}
	return false;
}

void control_events(struct answer *a, const char *what)
{
	if (!port) {
		answer_fail(a, "%s has no control port", boot->name);
		return;
	}
	if (strcmp(what, "on") && strcmp(what, "off")) {
		answer_fail(a, "%.40s: on or off", what);
		return;
	}
	events_on = what[1] == 'n';
	for (unsigned i = 0; i < boot->peers; i++)
		remember_peer(i);
}

void control_peers_changed(void)
{
	if (events_on)
		timer_set_ns(&timer, 0, pump, NULL);
}

/* --- in ------------------------------------------------------------------------------------- */

/* True when a line is there as a whole. */
static bool take_byte(char c)
{
	if (c == '\n')
		return line_bytes || line_is_long;
	if (line_bytes == sizeof(line))
		line_is_long = true;
	else if (c != '\r')
		line[line_bytes++] = c;
	return false;
}

static bool next_line(void)
{
	for (;;) {
		while (input_at < input_bytes)
			if (take_byte(input[input_at++]))
				return true;
		int64_t n = hv_console_read(port->handle, input, sizeof(input));

		input_at = 0;
		input_bytes = n > 0 ? MIN((size_t)n, sizeof(input)) : 0;
		if (!input_bytes)
			return false;
	}
}

static void serve_line(void)
{
	if (line_is_long)
		request_refuse(&reply, "a request has at most 1024 bytes");
	else
		request_begin(&reply, commands, line, line_bytes);
	line_bytes = 0;
	line_is_long = false;
	if (reply.answer.ordered && !reply.answer.error[0])
		wait_end = time_after(WAIT_NS);
	else
		finish();
}

/* One step; others have a turn before the next one. */
static void pump(void *arg)
{
	if (wait_end && !look_at_order()) {
		timer_set_ns(&timer, LOOK_NS, pump, NULL);
	} else if (!send()) {
		timer_set_ns(&timer, RETRY_NS, pump, NULL);
	} else if (after) {
		return;
	} else if (next_event()) {
		timer_set_ns(&timer, 0, pump, NULL);
	} else if (next_line()) {
		serve_line();
		timer_set_ns(&timer, 0, pump, NULL);
	}
}

void control_start(void)
{
	port = boot_cap(HV_CAP_CONSOLE, HV_CONSOLE_CONTROL);
	if (!port)
		return;
	event_bind(port->event, pump, NULL);
	/* An earlier instance may have died in the middle of a line. */
	hv_console_write(port->handle, "\n", 1);
	request_event(&reply, "here");
	command_peer(&reply.answer, boot->name, HV_STATE_RUNNING, boot->incarnation);
	finish();
	pump(NULL);
}
