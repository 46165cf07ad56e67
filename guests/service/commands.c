/*
 * The shell's commands that do something: each is one hypercall on a handle that the config gave to
 * this domain, and its answer from the catalogue as text.
 */
#include "guests/service/commands.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/service/console.h"
#include "guests/service/power.h"
#include "lib/string.h"

static int domain_of_name(const char *name)
{
	if (!strcmp(name, boot->name))
		return (int)boot->domain;
	for (unsigned i = 0; i < boot->peers; i++) {
		if (!strcmp(name, boot->peer[i].name))
			return boot->peer[i].domain;
	}
	return -1;
}

int command_domain(const char *name)
{
	int domain = domain_of_name(name);

	if (domain < 0 && name[0] >= '0' && name[0] <= '9' && !name[1])
		domain = name[0] - '0';
	if (domain >= 0 && ((uint32_t)domain == boot->domain || boot_peer((uint32_t)domain)))
		return domain;
	shell_print("%.40s: no such domain; `list` shows them\n", name);
	return -1;
}

const struct hv_cap *command_cap(uint32_t domain, uint32_t rights)
{
	const struct hv_cap *cap = boot_cap(HV_CAP_DOMAIN, domain);

	if (cap && (cap->rights & rights) == rights)
		return cap;
	shell_print("domain %u: the config does not give `%s` to %s\n", domain,
		    rights & HV_RIGHT_CONTROL ? "control" : "inspect", boot->name);
	return NULL;
}

/* Commands that are one operation on one domain. */
static void control(const char *name, int op)
{
	int domain = command_domain(name);
	const struct hv_cap *cap = NULL;
	int64_t result;

	if (domain >= 0)
		cap = command_cap((uint32_t)domain, HV_RIGHT_CONTROL);
	if (!cap)
		return;
	result = hv_domain_ctl(cap->handle, (enum hv_domain_op)op, 0);
	if (result < 0)
		shell_print("%s: %s\n", name, hv_error(result));
}

static void command_crash(const char *name, int detail)
{
	if (!strcmp(name, "self"))
		asm volatile("ud2");
	else
		control(name, HV_DOMAIN_CRASH);
}

static void command_hang(const char *name, int detail)
{
	while (!strcmp(name, "self"))
		cpu_relax();
}

static void command_console(const char *name, int detail)
{
	int domain = command_domain(name);

	if (domain >= 0 && !console_select((uint32_t)domain))
		shell_print("%s: its console is not here\n", name);
}

static void command_log(const char *argument, int detail)
{
	console_select_log();
}

static void command_shutdown(const char *argument, int detail)
{
	power_shutdown();
}

static void command_reboot(const char *argument, int detail)
{
	power_reboot();
}

const struct shell_command commands[] = {
	{ "list", "", "domains and what they do", command_list, 0 },
	{ "stats", "[NAME]", "counters of one domain or of all", command_stats, 0 },
	{ "caps", "", "the handles that this domain holds", command_caps, 0 },
	{ "trace", "[WHAT]", "the CPUs' newest events; WHAT: all, off, EVENT,... or dump",
	  command_trace, 0 },
	{ "console", "NAME", "goes to a domain's console; Ctrl-] s comes back", command_console,
	  0 },
	{ "log", "", "shows the hypervisor's log; Ctrl-] s comes back", command_log, 0 },
	{ "start", "NAME", "starts a domain that is off", control, HV_DOMAIN_START },
	{ "stop", "NAME", "presses a domain's power button", control, HV_DOMAIN_STOP },
	{ "kill", "NAME", "stops a domain at once", control, HV_DOMAIN_KILL },
	{ "restart", "NAME", "kills a domain and starts it from its image", control,
	  HV_DOMAIN_RESTART },
	{ "pause", "NAME", "holds a domain", control, HV_DOMAIN_PAUSE },
	{ "resume", "NAME", "lets a paused domain go on", control, HV_DOMAIN_RESUME },
	{ "shutdown", "", "stops every domain, then powers the machine off", command_shutdown, 0 },
	{ "reboot", "", "resets the machine now", command_reboot, 0 },
	{ "crash", "NAME", NULL, command_crash, 0 },
	{ "hang", "self", NULL, command_hang, 0 },
	{ 0 },
};
