/* The shell's commands that show something: domains, counters, handles. */
#include "guests/service/commands.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/time.h"

static const char *const state_names[] = { "off", "running", "paused", "dead", "restarting" };
static const char *const cap_names[] = { "none",      "domain", "window", "event",
					 "interrupt", "ioreq",  "device", "console",
					 "log",       "system", "trace" };

static bool info_of(const struct hv_cap *cap, struct hv_domain_info *info)
{
	int64_t result = hv_domain_info(cap->handle, info);

	if (result < 0)
		shell_print("domain %u: %s\n", cap->object, hv_error(result));
	return result >= 0;
}

static bool is_domain_shown(const struct hv_cap *cap)
{
	return cap->type == HV_CAP_DOMAIN && (cap->rights & HV_RIGHT_READ);
}

static void list_domain(const struct hv_cap *cap)
{
	struct hv_domain_info info;

	if (!info_of(cap, &info))
		return;
	uint64_t ms = tsc_to_ns(info.run_cycles) / NS_PER_MS;

	shell_print("%3u  %-12s %-8s %5u %6lu MiB %5u %5lu.%03lu s %10lu  %s\n", cap->object,
		    info.name, state_names[info.state % ARRAY_SIZE(state_names)], info.vcpus,
		    info.memory >> 20, info.incarnation, ms / 1000, ms % 1000, info.exits,
		    info.last_words);
}

void command_list(const char *argument, int detail)
{
	unsigned shown = 0;

	shell_print(
		"NUM  NAME         STATE    VCPUS     MEMORY START    CPU TIME      EXITS  LAST "
		"WORDS\n");
	for (unsigned i = 0; i < boot->caps; i++) {
		if (!is_domain_shown(&boot->cap[i]))
			continue;
		list_domain(&boot->cap[i]);
		shown++;
	}
	if (!shown)
		shell_print("the config does not give `inspect` to %s\n", boot->name);
}

static void stats_domain(const struct hv_cap *cap)
{
	struct hv_domain_info info;

	if (!info_of(cap, &info))
		return;
	shell_print("%s:\n", info.name);
	shell_print("  ran %lu us on CPU %u, %lu exits, %lu interrupts delivered\n",
		    tsc_to_ns(info.run_cycles) / NS_PER_US, info.cpu, info.exits, info.interrupts);
	shell_print("  %lu KiB of RAM, %lu KiB held by the hypervisor for it\n", info.memory >> 10,
		    info.overhead >> 10);
	shell_print("  %lu console bytes lost, incarnation %u\n", info.console_lost,
		    info.incarnation);
}

void command_stats(const char *argument, int detail)
{
	const struct hv_cap *cap = NULL;

	if (argument) {
		int domain = command_domain(argument);

		if (domain >= 0)
			cap = command_cap((uint32_t)domain, HV_RIGHT_READ);
		if (cap)
			stats_domain(cap);
		return;
	}
	for (unsigned i = 0; i < boot->caps; i++) {
		if (is_domain_shown(&boot->cap[i]))
			stats_domain(&boot->cap[i]);
	}
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
	if (cap->object == boot->domain)
		return boot->name;
	peer = boot_peer(cap->object);
	return peer ? (const char *)peer->name : "";
}

static void show_cap(const struct hv_cap *cap)
{
	uint32_t r = cap->rights;

	shell_print("%08x  %-10s %c%c%c%c   %5u  %s", cap->handle,
		    cap_names[cap->type % ARRAY_SIZE(cap_names)], r & HV_RIGHT_READ ? 'r' : '-',
		    r & HV_RIGHT_WRITE ? 'w' : '-', r & HV_RIGHT_CONTROL ? 'c' : '-',
		    r & HV_RIGHT_USE ? 'u' : '-', cap->object, object_name(cap));
	for (unsigned i = 0; cap->type == HV_CAP_DEVICE && i < boot->devices; i++) {
		const struct hv_device *d = &boot->device[i];

		if (d->cap == cap->handle)
			shell_print("%04x:%04x at %02x:%02x.%u, DMA unconfined", d->vendor,
				    d->device, d->slot >> 8, d->slot >> 3 & 0x1f, d->slot & 7);
	}
	shell_print("\n");
}

/* Asks the hypervisor rather than the boot page: handles may have been narrowed or revoked. */
void command_caps(const char *argument, int detail)
{
	struct hv_cap cap;

	shell_print("HANDLE    TYPE       RIGHTS OBJECT\n");
	for (unsigned i = 0; hv_cap_info(i, &cap) >= 0 && i < 0x10000; i++) {
		if (cap.type != HV_CAP_NONE)
			show_cap(&cap);
	}
}
