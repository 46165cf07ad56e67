/*
 * See console.h. Flow control: what the multiplexer has no room for waits in the source, so that a
 * fast guest waits in its own UART ring. What was read is taken from there by the next read only,
 * when it is in the kept pages: what a dying instance had in its hands comes again.
 */
#include "guests/service/console.h"

#include "guests/lib/boot.h"
#include "guests/lib/event.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/commands.h"
#include "guests/service/kept.h"
#include "guests/service/mux.h"
#include "guests/service/selfkill.h"
#include "guests/service/shell.h"
#include "guests/service/vcon.h"
#include "lib/format.h"
#include "lib/string.h"

#define CHUNK         512
#define RETRY_NS      (NS_PER_MS / 2) /* a serial port takes 6 bytes meanwhile */
#define UNFINISHED_NS (500 * NS_PER_MS)
#define FLUSH_NS      (2000 * NS_PER_MS)

static struct mux own_mux, *mux = &own_mux; /* in kept pages, where they have room */
static const struct hv_cap *host, *log_cap;
static const struct hv_cap *source_cap[MUX_SOURCES];
static struct timer retry_timer, unfinished_timer;

/* A bit for each source that wrote last through its virtio console: keys go back the same way. */
static uint32_t by_virtio;

/* Keys for the selected domain that its UART had no room for. */
static char typed[1024];
static size_t typed_bytes;
static unsigned typed_source;

static void pump(void *arg);

/* --- to the serial port ------------------------------------------------------------------- */

static void show_unfinished(void *arg)
{
	mux_show_unfinished(mux);
	pump(NULL);
}

/* False if the port takes no more now. */
static bool drain(void)
{
	const char *text;
	size_t bytes;

	while ((bytes = mux_pending(mux, &text)) != 0) {
		int64_t n = hv_console_write(host->handle, text, bytes);

		if (n <= 0)
			return false;
		mux_taken(mux, MIN((size_t)n, bytes));
	}
	return true;
}

static void send_typed(void)
{
	if (!typed_bytes)
		return;
	int64_t n = hv_console_write(source_cap[typed_source]->handle, typed, typed_bytes);
	size_t sent = n < 0 ? typed_bytes : MIN((size_t)n, typed_bytes);

	typed_bytes -= sent;
	memmove(typed, typed + sent, typed_bytes);
}

/* --- from the sources --------------------------------------------------------------------- */

/* What comes next of a source, at *position of its output. */
static size_t read_source(unsigned source, char *buf, uint64_t *position)
{
	uint64_t end = mux->source[source].taken;
	int64_t n = 0;

	if (source == MUX_LOG && log_cap)
		n = hv_log_read(log_cap->handle, &end, buf, CHUNK);
	else if (source_cap[source])
		n = hv_console_peek(source_cap[source]->handle, buf, CHUNK, &end);
	if (n <= 0 || n > CHUNK)
		return 0;
	*position = end - (uint64_t)n;
	return (size_t)n;
}

/* Reads until nothing is there, twice at most: the second time takes what the first one read. True
   if there may be more. */
static bool read_turn(unsigned source)
{
	char buf[CHUNK];
	uint64_t position;

	for (unsigned turn = 0; turn < 2; turn++) {
		size_t bytes = read_source(source, buf, &position);

		if (!bytes)
			return false;
		by_virtio &= ~BIT(source);
		selfkill_at(KILL_CONSOLE_TAKE, false);
		mux_take(mux, source, position, buf, bytes);
		selfkill_at(KILL_CONSOLE_TAKE, true);
	}
	return true;
}

/* One turn for each source; true if one of them may have more. Whoever talks faster than the
   terminal writes does not silence the others: it goes on with the first that had no turn. */
static bool read_sources(void)
{
	unsigned first = mux->turn, sources = mux->sources - MUX_LOG;
	bool more = false;

	for (unsigned i = 0; i < sources; i++) {
		unsigned n = (first + i) % sources;

		if (mux_is_full(mux)) {
			mux->turn = n;
			return true;
		}
		more |= read_turn(MUX_LOG + n);
	}
	mux->turn = 0;
	return more;
}

static void pump(void *arg)
{
	bool more = read_sources();
	bool drained = drain();

	send_typed();
	if (!drained || more || typed_bytes)
		timer_set_ns(&retry_timer, drained && more ? 0 : RETRY_NS, pump, NULL);
	if (mux_has_unfinished(mux) && !(unfinished_timer.deadline > rdtsc()))
		timer_set_ns(&unfinished_timer, UNFINISHED_NS, show_unfinished, NULL);
}

/* --- keys --------------------------------------------------------------------------------- */

static void key_to_domain(unsigned source, char key)
{
	if ((by_virtio & BIT(source)) && vcon_input(mux->source[source].domain, &key, 1))
		return;
	if (typed_bytes && typed_source != source)
		typed_bytes = 0;
	typed_source = source;
	if (source_cap[source] && typed_bytes < sizeof(typed))
		typed[typed_bytes++] = key;
}

static const struct mux_ops ops = { shell_key, key_to_domain };

static void read_keys(void *arg)
{
	char buf[64];
	int64_t n;

	while ((n = hv_console_read(host->handle, buf, sizeof(buf))) > 0) {
		for (int64_t i = 0; i < n; i++)
			mux_key(mux, buf[i]);
		send_typed();
	}
	pump(NULL);
}

/* --- start -------------------------------------------------------------------------------- */

static void write_shell(const char *text, size_t bytes)
{
	mux_output(mux, MUX_SHELL, text, bytes);
	timer_set_ns(&retry_timer, 0, pump, NULL);
}

static void write_own(const char *text, size_t bytes)
{
	int source = mux_find(mux, boot->domain);

	if (source >= 0)
		mux_output(mux, (unsigned)source, text, bytes);
	timer_set_ns(&retry_timer, 0, pump, NULL);
}

static void write_virtio(unsigned guest, const char *text, size_t bytes)
{
	int source = mux_find(mux, guest);

	if (source < 0)
		return;
	by_virtio |= BIT(source);
	mux_output(mux, (unsigned)source, text, bytes);
	timer_set_ns(&retry_timer, 0, pump, NULL);
}

/* The log so far is on the serial port already: the hypervisor wrote it there. */
static void skip_log(void)
{
	char buf[CHUNK];
	uint64_t position;
	size_t bytes;

	while ((bytes = read_source(MUX_LOG, buf, &position)) != 0) {
		mux_remember(mux, MUX_LOG, buf, bytes);
		mux->source[MUX_LOG].taken = position + bytes;
	}
}

/* The own console stays without a handle here: this domain writes into the multiplexer directly. */
static void add_sources(void)
{
	mux_add(mux, boot->name, boot->domain);
	for (unsigned i = 0; i < boot->caps; i++) {
		const struct hv_cap *c = &boot->cap[i];
		const volatile struct hv_peer *peer = boot_peer(c->object);

		if (c->type != HV_CAP_CONSOLE || c->object == boot->domain || !peer)
			continue;
		int source = mux_add(mux, (const char *)peer->name, c->object);

		if (source < 0)
			continue;
		source_cap[source] = c;
		event_bind(c->event, pump, NULL);
	}
}

/* The end of the kept pages, behind those of the devices (kept.h). */
static struct mux *mux_place(void)
{
	const struct hv_region *kept = boot_region(HV_REGION_KEPT, 0);
	uint64_t bytes = align_up(sizeof(struct mux), KEPT_PAGE);

	if (!kept || kept->bytes < bytes + KEPT_PAGE * (1 + (uint64_t)boot->served))
		return &own_mux;
	return (struct mux *)(uintptr_t)(kept->base + kept->bytes - bytes);
}

/* What shows in any view that this instance is here. */
static void greet(bool resumed)
{
	char text[80];
	int source = mux_find(mux, boot->domain);

	if (!resumed)
		print("consoles of all domains; keys go to the shell; Ctrl-] is the escape key, "
		      "Ctrl-] ? helps\n");
	if (boot->incarnation == 1 || source < 0)
		return;
	format(text, sizeof(text), "%s: restarted, incarnation %u\n", boot->name,
	       boot->incarnation);
	mux_announce(mux, (unsigned)source, text);
}

void console_start(void)
{
	bool resumed;

	host = boot_cap(HV_CAP_CONSOLE, HV_CONSOLE_HOST);
	if (!host)
		return;
	log_cap = boot_cap_of(HV_CAP_LOG);
	mux = mux_place();
	resumed = mux_resume(mux, &ops);
	shell_init(commands, write_shell);
	add_sources();
	skip_log();
	event_bind(host->event, read_keys, NULL);
	if (log_cap)
		event_bind(log_cap->event, pump, NULL);
	print_to(write_own);
	vcon_set_output(write_virtio);
	greet(resumed);
	pump(NULL);
}

bool console_say(uint32_t domain, const char *text, size_t bytes)
{
	int source = mux_find(mux, domain);

	if (!host || source < 0)
		return false;
	mux_output(mux, (unsigned)source, text, bytes);
	mux_output(mux, (unsigned)source, "\r\n", 2);
	timer_set_ns(&retry_timer, 0, pump, NULL);
	return true;
}

size_t console_room(void)
{
	return mux_room(mux);
}

bool console_has(uint32_t domain)
{
	return host && mux_find(mux, domain) >= 0;
}

size_t console_backlog(uint32_t domain, uint64_t *position, char *buf, size_t size)
{
	int source = mux_find(mux, domain);

	return source < 0 ? 0 : mux_backlog(mux, (unsigned)source, position, buf, size);
}

size_t console_type(uint32_t domain, const char *keys, size_t bytes)
{
	int source = mux_find(mux, domain);
	int64_t n;

	if (source < 0 || !source_cap[source])
		return 0;
	if ((by_virtio & BIT(source)) && vcon_input(domain, keys, bytes))
		return bytes;
	n = hv_console_write(source_cap[source]->handle, keys, bytes);
	return n > 0 ? MIN((size_t)n, bytes) : 0;
}

bool console_select(uint32_t domain)
{
	int source = mux_find(mux, domain);

	if (source >= 0)
		mux_select(mux, source);
	return source >= 0;
}

void console_select_log(void)
{
	mux_select(mux, MUX_LOG);
}

void console_flush(void)
{
	uint64_t end = time_after(FLUSH_NS);

	print_flush();
	while (host && rdtsc() < end) {
		bool more = read_sources();

		if (!more)
			mux_finish(mux);
		if (drain() && !more)
			return;
		hv_event_wait(time_after(RETRY_NS));
	}
}
