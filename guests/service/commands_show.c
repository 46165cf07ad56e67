/* The verbs that show something: domains, counters, handles. */
#include "guests/service/commands.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/time.h"
#include "lib/format.h"
#include "lib/string.h"

static const char *const state_names[] = { "off", "running", "paused", "dead", "restarting" };
static const char *const cap_names[] = { "none",      "domain", "window", "event",
					 "interrupt", "ioreq",  "device", "console",
					 "log",       "system", "trace" };

static const char *state_name(uint32_t state)
{
	return state_names[state % ARRAY_SIZE(state_names)];
}

void command_state(struct answer *a, const struct hv_domain_info *info)
{
	command_peer(a, info->name, info->state, info->incarnation);
}

void command_peer(struct answer *a, const char *name, uint32_t state, uint32_t incarnation)
{
	if (!a->json) {
		answer_print(a, "%s: %s, incarnation %u\n", name, state_name(state), incarnation);
		return;
	}
	answer_field(a, "domain", name, strnlen(name, sizeof(boot->name)));
	answer_field(a, "state", state_name(state), strlen(state_name(state)));
	answer_field_number(a, "incarnation", incarnation, ANSWER_PLAIN);
}

static bool info_of(struct answer *a, const struct hv_cap *cap, struct hv_domain_info *info)
{
	int64_t result = hv_domain_info(cap->handle, info);

	if (result < 0)
		answer_fail(a, "domain %u: %s", cap->object, hv_error(result));
	return result >= 0;
}

static bool is_domain_shown(const struct hv_cap *cap)
{
	return cap->type == HV_CAP_DOMAIN && (cap->rights & HV_RIGHT_READ);
}

/* One row for the domain that was named, or for each that may be seen. */
static void show_domains(struct answer *a, const char *name,
			 void (*row)(struct answer *a, const struct hv_cap *cap,
				     const struct hv_domain_info *info))
{
	struct hv_domain_info info;
	int domain = name ? command_domain(a, name) : -1;

	if (name && (domain < 0 || !command_cap(a, (uint32_t)domain, HV_RIGHT_READ)))
		return;
	for (unsigned i = 0; i < boot->caps; i++) {
		const struct hv_cap *cap = &boot->cap[i];

		if (!is_domain_shown(cap) || (name && cap->object != (uint32_t)domain) ||
		    !info_of(a, cap, &info))
			continue;
		answer_row(a);
		row(a, cap, &info);
	}
	if (!a->rows)
		answer_fail(a, "the config does not give `inspect` to %s", boot->name);
}

static void list_row(struct answer *a, const struct hv_cap *cap, const struct hv_domain_info *info)
{
	answer_number(a, cap->object);
	answer_text(a, info->name);
	answer_text(a, state_name(info->state));
	answer_number(a, info->vcpus);
	answer_number(a, info->memory);
	answer_number(a, info->incarnation);
	answer_number(a, tsc_to_ns(info->run_cycles));
	answer_number(a, info->exits);
	answer_text(a, info->last_words);
}

void command_list(struct answer *a, const struct request *r, int detail)
{
	static const struct answer_column columns[] = {
		{ "number", "NUM", 3, ANSWER_PLAIN },
		{ "domain", "NAME", -12, ANSWER_PLAIN },
		{ "state", "STATE", -10, ANSWER_PLAIN },
		{ "vcpus", "VCPUS", 5, ANSWER_PLAIN },
		{ "memory", "MEMORY", 9, ANSWER_MIB },
		{ "incarnation", "START", 5, ANSWER_PLAIN },
		{ "run_ns", "CPU TIME", 11, ANSWER_SECONDS },
		{ "exits", "EXITS", 10, ANSWER_PLAIN },
		{ "last_words", "LAST WORDS", -10, ANSWER_PLAIN },
		{ 0 },
	};

	answer_table(a, "domains", columns);
	show_domains(a, NULL, list_row);
	answer_end(a);
}

static void stats_row(struct answer *a, const struct hv_cap *cap, const struct hv_domain_info *info)
{
	answer_text(a, info->name);
	answer_number(a, tsc_to_ns(info->run_cycles));
	answer_number(a, info->cpu);
	answer_number(a, info->exits);
	answer_number(a, info->interrupts);
	answer_number(a, info->console_lost);
	answer_number(a, info->incarnation);
}

/* What a domain that was named left for. */
static void show_exits(struct answer *a, uint32_t domain)
{
	static const char *const names[HV_EXIT_KINDS] = {
#define VM_EXIT(name, text) [HV_EXIT_##name] = text,
#include "abi/exit.def"
#undef VM_EXIT
	};
	static const struct answer_column columns[] = {
		{ "exits", "EXITS", 10, ANSWER_PLAIN },
		{ "kind", "FOR", -10, ANSWER_PLAIN },
		{ 0 },
	};
	const struct hv_cap *cap = boot_cap(HV_CAP_DOMAIN, domain);
	struct hv_domain_info info;

	if (!cap || !info_of(a, cap, &info))
		return;
	answer_table(a, "kinds", columns);
	for (unsigned i = 0; i < HV_EXIT_KINDS; i++) {
		if (!info.kind[i])
			continue;
		answer_row(a);
		answer_number(a, info.kind[i]);
		answer_text(a, names[i]);
	}
	answer_end(a);
}

void command_stats(struct answer *a, const struct request *r, int detail)
{
	static const struct answer_column columns[] = {
		{ "domain", "NAME", -12, ANSWER_PLAIN },
		{ "run_ns", "CPU TIME", 11, ANSWER_SECONDS },
		{ "cpu", "CPU", 3, ANSWER_PLAIN },
		{ "exits", "EXITS", 10, ANSWER_PLAIN },
		{ "interrupts", "INTERRUPTS", 10, ANSWER_PLAIN },
		{ "console_lost", "LOST BYTES", 10, ANSWER_PLAIN },
		{ "incarnation", "START", 5, ANSWER_PLAIN },
		{ 0 },
	};

	answer_table(a, "domains", columns);
	show_domains(a, r->domain, stats_row);
	answer_end(a);
	if (r->domain && a->rows)
		show_exits(a, (uint32_t)command_domain(a, r->domain));
}

static const char *object_name(const struct hv_cap *cap)
{
	const volatile struct hv_peer *peer;

	switch (cap->type) {
	case HV_CAP_LOG:
	case HV_CAP_SYSTEM:
	case HV_CAP_TRACE:
	case HV_CAP_DEVICE: return "";
	default: break;
	}
	if (cap->type == HV_CAP_CONSOLE && cap->object == HV_CONSOLE_HOST)
		return "the serial port";
	if (cap->type == HV_CAP_CONSOLE && cap->object == HV_CONSOLE_CONTROL)
		return "the control port";
	if (cap->object == boot->domain)
		return boot->name;
	peer = boot_peer(cap->object);
	return peer ? (const char *)peer->name : "";
}

static void show_cap(struct answer *a, const struct hv_cap *cap)
{
	char rights[5], what[64];
	uint32_t r = cap->rights;

	format(rights, sizeof(rights), "%c%c%c%c", r & HV_RIGHT_READ ? 'r' : '-',
	       r & HV_RIGHT_WRITE ? 'w' : '-', r & HV_RIGHT_CONTROL ? 'c' : '-',
	       r & HV_RIGHT_USE ? 'u' : '-');
	str_copy(what, object_name(cap), sizeof(what));
	for (unsigned i = 0; cap->type == HV_CAP_DEVICE && i < boot->devices; i++) {
		const struct hv_device *d = &boot->device[i];

		if (d->cap == cap->handle)
			format(what, sizeof(what), "%04x:%04x at %02x:%02x.%u, DMA unconfined",
			       d->vendor, d->device, d->slot >> 8, d->slot >> 3 & 0x1f,
			       d->slot & 7);
	}
	answer_row(a);
	answer_number(a, cap->handle);
	answer_text(a, cap_names[cap->type % ARRAY_SIZE(cap_names)]);
	answer_text(a, rights);
	answer_number(a, cap->object);
	answer_text(a, what);
}

/* Asks the hypervisor rather than the boot page: handles may have been narrowed or revoked. */
void command_caps(struct answer *a, const struct request *r, int detail)
{
	static const struct answer_column columns[] = {
		{ "handle", "HANDLE", 8, ANSWER_HEX },    { "type", "TYPE", -9, ANSWER_PLAIN },
		{ "rights", "RIGHTS", -6, ANSWER_PLAIN }, { "object", "OBJECT", 6, ANSWER_PLAIN },
		{ "what", "WHAT", -10, ANSWER_PLAIN },    { 0 },
	};
	struct hv_cap cap;

	answer_table(a, "caps", columns);
	for (unsigned i = 0; hv_cap_info(i, &cap) >= 0 && i < 0x10000; i++) {
		if (cap.type != HV_CAP_NONE)
			show_cap(a, &cap);
	}
	answer_end(a);
}
