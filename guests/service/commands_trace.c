/*
 * The verb `trace`: what is recorded, the newest records, and all of them for tools/trace on the
 * machine beside. The latter takes seconds on a serial port, so it goes on from a timer, as far as
 * the console has room; nothing is recorded meanwhile.
 */
#include "guests/service/commands.h"

#include "abi/trace.h"
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/time.h"
#include "guests/lib/timer.h"
#include "guests/service/console.h"
#include "guests/service/shell.h"
#include "lib/format.h"
#include "lib/string.h"

#define NEWEST  12  /* records of each CPU that are shown */
#define LINE    256 /* bytes of the console that a record may take */
#define PACE_NS (2 * NS_PER_MS)

static const struct {
	const char *name, *text, *value[2];
} events[] = {
#define HV_TRACE(NAME, text, a, b) { #NAME, text, { a, b } },
#include "abi/trace.def"
#undef HV_TRACE
};

static struct {
	struct timer timer;
	uint32_t cap, mask;
	unsigned cpu, records;
	uint64_t position;
} dump;

static const char *domain_name(uint32_t domain)
{
	const volatile struct hv_peer *peer = boot_peer(domain);

	if (domain == HV_TRACE_NOBODY)
		return "-";
	return domain == boot->domain ? boot->name : peer ? (const char *)peer->name : "?";
}

static void show_events(struct answer *a, uint32_t mask)
{
	char names[256] = "";
	size_t n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(events); i++)
		if (mask & 1u << i)
			n += format(names + n, sizeof(names) - n, "%s%s", n ? " " : "",
				    events[i].name);
	if (!mask)
		n = format(names, sizeof(names), "nothing");
	answer_field(a, "recorded", names, n);
}

static void show_record(struct answer *a, const struct hv_trace_record *r)
{
	unsigned event = r->event % ARRAY_SIZE(events);
	char text[160];
	size_t n = format(text, sizeof(text), "%s", events[event].text);

	for (unsigned i = 0; i < 2; i++) {
		const char *name = events[event].value[i];

		if (*name == '#')
			n += format(text + n, sizeof(text) - n, ", %s %#lx", name + 1, r->value[i]);
		else if (*name != '-')
			n += format(text + n, sizeof(text) - n, ", %s %lu", name, r->value[i]);
	}
	answer_print(a, "%13lu us  CPU %-2u %s/%u  %s\n", tsc_to_ns(r->tsc) / NS_PER_US, r->cpu,
		     domain_name(r->domain), r->vcpu, text);
	if (!a->json)
		return;
	answer_row(a);
	answer_number(a, tsc_to_ns(r->tsc));
	answer_number(a, r->cpu);
	answer_text(a, domain_name(r->domain));
	answer_number(a, r->vcpu);
	answer_text(a, text);
}

static void show_newest(struct answer *a, uint32_t cap)
{
	static const struct answer_column columns[] = { { .name = "time_ns" }, { .name = "cpu" },
							{ .name = "domain" },  { .name = "vcpu" },
							{ .name = "event" },   { 0 } };
	struct hv_trace_record record[NEWEST];
	uint64_t position = ~0ull;
	int64_t n;

	if (a->json)
		answer_table(a, "records", columns);
	for (unsigned cpu = 0; hv_trace_read(cap, cpu, &position, record, 0) >= 0; cpu++) {
		position -= position < NEWEST ? position : NEWEST;
		n = hv_trace_read(cap, cpu, &position, record, NEWEST);
		for (int64_t i = 0; i < n; i++)
			show_record(a, &record[i]);
		position = ~0ull;
	}
	answer_end(a);
}

static void dump_domains(void)
{
	shell_print(HV_TRACE_DOMAIN_LINE, boot->domain, boot->name);
	for (unsigned i = 0; i < boot->peers; i++)
		shell_print(HV_TRACE_DOMAIN_LINE, boot->peer[i].domain, boot->peer[i].name);
}

static void dump_some(void *arg)
{
	struct hv_trace_record r;

	while (console_room() >= LINE) {
		int64_t n = hv_trace_read(dump.cap, dump.cpu, &dump.position, &r, 1);

		if (n > 0) {
			dump.records++;
			shell_print(HV_TRACE_LINE, dump.cpu, hv_trace_number(dump.position, &r),
				    r.tsc, r.event, r.domain, r.vcpu, r.value[0], r.value[1]);
			continue;
		}
		dump.position = 0;
		dump.cpu++;
		if (n == 0)
			continue;
		shell_print(HV_TRACE_END, dump.records);
		shell_prompt();
		hv_trace_ctl(dump.cap, 0, dump.mask);
		dump.cap = 0;
		return;
	}
	timer_set_ns(&dump.timer, PACE_NS, dump_some, NULL);
}

static void dump_start(uint32_t cap, uint32_t mask)
{
	uint64_t position = 0;
	unsigned cpus = 0;
	struct hv_trace_record r;

	hv_trace_ctl(cap, HV_TRACE_ALL, 0);
	while (hv_trace_read(cap, cpus, &position, &r, 0) >= 0)
		cpus++;
	dump.cap = cap;
	dump.mask = mask;
	dump.cpu = dump.records = 0;
	dump.position = 0;
	shell_print(HV_TRACE_BEGIN, HV_TRACE_EVENTS, cpus, boot->tsc_khz, 0ul);
	dump_domains();
	timer_set_ns(&dump.timer, 0, dump_some, NULL);
}

/* Bits of "NAME,NAME", "all" or "off"; -1 after saying what is wrong. */
static int64_t events_of(struct answer *a, const char *names)
{
	int64_t mask = 0;
	size_t n;

	if (!strcmp(names, "all") || !strcmp(names, "off"))
		return *names == 'a' ? HV_TRACE_ALL : 0;
	for (; *names; names += n + (names[n] == ',')) {
		unsigned i = 0;

		for (n = 0; names[n] && names[n] != ',';)
			n++;
		while (i < ARRAY_SIZE(events) && !str_is_word(events[i].name, names, n))
			i++;
		if (i == ARRAY_SIZE(events)) {
			answer_fail(a,
				    "%.*s: no such event; `trace` shows them all after `trace "
				    "all`",
				    (int)MIN(n, (size_t)40), names);
			return -1;
		}
		mask |= 1u << i;
	}
	return mask;
}

void command_trace(struct answer *a, const struct request *r, int detail)
{
	const struct hv_cap *cap = boot_cap_of(HV_CAP_TRACE);
	int64_t mask = cap ? hv_trace_ctl(cap->handle, 0, 0) : HV_ERR_PERM, wish;

	if (mask < 0) {
		answer_fail(a, "the config does not give `inspect` to %s", boot->name);
	} else if (dump.cap) {
		answer_fail(a, "the trace is being printed");
	} else if (!r->what) {
		show_newest(a, cap->handle);
		show_events(a, (uint32_t)mask);
	} else if (!strcmp(r->what, "dump")) {
		dump_start(cap->handle, (uint32_t)mask);
	} else if ((wish = events_of(a, r->what)) >= 0) {
		hv_trace_ctl(cap->handle, HV_TRACE_ALL, (uint32_t)wish);
		show_events(a, (uint32_t)wish);
	}
}
