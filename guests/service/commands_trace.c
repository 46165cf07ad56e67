/*
 * The shell's `trace`: what is recorded, the newest records, and all of them for tools/trace on the
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

static void show_events(uint32_t mask)
{
	shell_print("recorded:%s", mask ? "" : " nothing");
	for (unsigned i = 0; i < ARRAY_SIZE(events); i++)
		if (mask & 1u << i)
			shell_print(" %s", events[i].name);
	shell_print("\n");
}

static void show_record(const struct hv_trace_record *r)
{
	unsigned event = r->event % ARRAY_SIZE(events);

	shell_print("%13lu us  CPU %-2u %s/%u  %s", tsc_to_ns(r->tsc) / NS_PER_US, r->cpu,
		    domain_name(r->domain), r->vcpu, events[event].text);
	for (unsigned i = 0; i < 2; i++) {
		const char *name = events[event].value[i];

		if (*name == '#')
			shell_print(", %s %#lx", name + 1, r->value[i]);
		else if (*name != '-')
			shell_print(", %s %lu", name, r->value[i]);
	}
	shell_print("\n");
}

static void show_newest(uint32_t cap)
{
	struct hv_trace_record record[NEWEST];
	uint64_t position = ~0ull;
	int64_t n;

	for (unsigned cpu = 0; hv_trace_read(cap, cpu, &position, record, 0) >= 0; cpu++) {
		position -= position < NEWEST ? position : NEWEST;
		n = hv_trace_read(cap, cpu, &position, record, NEWEST);
		for (int64_t i = 0; i < n; i++)
			show_record(&record[i]);
		position = ~0ull;
	}
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
static int64_t events_of(const char *names)
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
			shell_print("%.*s: no such event; `trace` shows them all after `trace "
				    "all`\n",
				    (int)n, names);
			return -1;
		}
		mask |= 1u << i;
	}
	return mask;
}

void command_trace(const char *argument, int detail)
{
	const struct hv_cap *cap = boot_cap_of(HV_CAP_TRACE);
	int64_t mask = cap ? hv_trace_ctl(cap->handle, 0, 0) : HV_ERR_PERM, wish;

	if (mask < 0) {
		shell_print("the config does not give `inspect` to %s\n", boot->name);
	} else if (dump.cap) {
		shell_print("the trace is being printed\n");
	} else if (!argument) {
		show_newest(cap->handle);
		show_events((uint32_t)mask);
	} else if (!strcmp(argument, "dump")) {
		dump_start(cap->handle, (uint32_t)mask);
	} else if ((wish = events_of(argument)) >= 0) {
		hv_trace_ctl(cap->handle, HV_TRACE_ALL, (uint32_t)wish);
		show_events((uint32_t)wish);
	}
}
