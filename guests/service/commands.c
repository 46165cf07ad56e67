/*
 * The verbs that do something: each is one hypercall on a handle that the config gave to this
 * domain, and its answer from the catalogue as text.
 */
#include "guests/service/commands.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/service/control.h"
#include "guests/service/power.h"
#include "lib/string.h"

#define SECONDS_MOST 3600 /* that a domain may take to stop */

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

static int domain_of_number(const char *name)
{
	int domain = -1;

	if (name[0] >= '0' && name[0] <= '9') {
		domain = name[0] - '0';
		if (name[1] >= '0' && name[1] <= '9')
			domain = domain * 10 + name[1] - '0';
		if (name[domain > 9 ? 2 : 1])
			return -1;
	}
	return domain;
}

int command_domain(struct answer *a, const char *name)
{
	int domain = domain_of_name(name);

	if (domain < 0)
		domain = domain_of_number(name);
	if (domain >= 0 && ((uint32_t)domain == boot->domain || boot_peer((uint32_t)domain)))
		return domain;
	answer_fail(a, "%.40s: no such domain; `list` shows them", name);
	return -1;
}

const struct hv_cap *command_cap(struct answer *a, uint32_t domain, uint32_t rights)
{
	const struct hv_cap *cap = boot_cap(HV_CAP_DOMAIN, domain);

	if (cap && (cap->rights & rights) == rights)
		return cap;
	answer_fail(a, "domain %u: the config does not give `%s` to %s", domain,
		    rights & HV_RIGHT_CONTROL ? "control" : "inspect", boot->name);
	return NULL;
}

/* --- orders to a domain --------------------------------------------------------------------- */

/* Why an order was refused, and what would be done instead. */
static void refused(struct answer *a, const char *name, int op, int64_t result)
{
	static const char *const advice[] = {
		[HV_DOMAIN_START] = "it runs or is paused already; `restart` starts it anew",
		[HV_DOMAIN_STOP] = "it does not run; `start` starts it",
		[HV_DOMAIN_KILL] = "it does not run; `start` starts it",
		[HV_DOMAIN_CRASH] = "it does not run; `start` starts it",
		[HV_DOMAIN_RESTART] = "it cannot be started: the hypervisor's log says why",
		[HV_DOMAIN_PAUSE] = "it does not run; `start` starts it",
		[HV_DOMAIN_RESUME] = "it does not run; `start` starts it",
	};

	if (result == HV_ERR_STATE)
		answer_fail(a, "%.40s: %s", name, advice[op]);
	else
		answer_fail(a, "%.40s: %s", name, hv_error(result));
}

static void order_self(int op)
{
	const struct hv_cap *cap = boot_cap(HV_CAP_DOMAIN, boot->domain);

	if (cap)
		hv_domain_ctl(cap->handle, (enum hv_domain_op)op, 0);
}

/* What the order waits for is told by the incarnation before it. */
static void remember_order(struct answer *a, const struct hv_cap *cap, int op)
{
	struct hv_domain_info info;

	a->ordered = hv_domain_info(cap->handle, &info) >= 0;
	a->order = op;
	a->domain = cap->object;
	a->incarnation = info.incarnation;
}

void command_control(struct answer *a, const struct request *r, int op)
{
	int domain = command_domain(a, r->domain);
	const struct hv_cap *cap = NULL;
	int64_t result;

	if (domain >= 0)
		cap = command_cap(a, (uint32_t)domain, HV_RIGHT_CONTROL);
	if (!cap)
		return;
	if ((uint32_t)domain == boot->domain && op != HV_DOMAIN_START) {
		a->after = order_self;
		a->after_detail = op;
		return;
	}
	remember_order(a, cap, op);
	result = hv_domain_ctl(cap->handle, (enum hv_domain_op)op,
			       r->seconds == VERB_NONE ? 0 : (uint64_t)r->seconds * 1000);
	if (result < 0)
		refused(a, r->domain, op, result);
}

static void command_stop(struct answer *a, const struct request *r, int detail)
{
	if (r->seconds == 0 || r->seconds > SECONDS_MOST)
		answer_fail(a, "%ld seconds: 1 to %d, or `kill %.40s`", (long)r->seconds,
			    SECONDS_MOST, r->domain);
	else
		command_control(a, r, HV_DOMAIN_STOP);
}

/* --- for tests ------------------------------------------------------------------------------ */

static void command_crash(struct answer *a, const struct request *r, int detail)
{
	if (!strcmp(r->domain, "self"))
		asm volatile("ud2");
	else
		command_control(a, r, HV_DOMAIN_CRASH);
}

static void command_hang(struct answer *a, const struct request *r, int detail)
{
	while (!strcmp(r->domain, "self"))
		cpu_relax();
	answer_fail(a, "only `self` can be hung");
}

/* --- the machine ---------------------------------------------------------------------------- */

static void shutdown_now(int detail)
{
	power_shutdown();
}

static void reboot_now(int detail)
{
	power_reboot();
}

/* Whoever asked shall have the answer first. */
static void command_power(struct answer *a, const struct request *r, int reboot)
{
	if (!boot_cap_of(HV_CAP_SYSTEM)) {
		answer_fail(a, "the config does not give `power` to %s", boot->name);
		return;
	}
	a->after = reboot ? reboot_now : shutdown_now;
}

static void command_events(struct answer *a, const struct request *r, int detail)
{
	control_events(a, r->what);
}

#define LOOK   "look"
#define DOMAIN "domains"
#define SYSTEM "the machine"

const struct verb commands[] = {
	{ "list", "", LOOK, "domains and what they do", NULL, command_list, 0 },
	{ "stats", "d", LOOK, "counters of one domain or of all", "stats linux1", command_stats,
	  0 },
	{ "memory", "", LOOK, "who holds how much of the machine's memory", NULL, command_memory,
	  0 },
	{ "disks", "", LOOK, "what served disks have done for their guests", NULL, command_disks,
	  0 },
	{ "net", "", LOOK, "the ports of networks, their counters and what was learned", NULL,
	  command_net, 0 },
	{ "caps", "", LOOK, "the handles that this domain holds", NULL, command_caps, 0 },
	{ "log", "", LOOK, "the hypervisor's log; in the shell Ctrl-] s comes back", NULL,
	  command_log, 0 },
	{ "trace", "w", LOOK, "the CPUs' newest events; WHAT: all, off, EVENT,... or dump",
	  "trace exit,wake", command_trace, 0 },
	{ "console", "Dif", LOOK, "a domain's console; in the shell Ctrl-] s comes back",
	  "console linux1", command_console, 0 },
	{ "start", "D", DOMAIN, "starts a domain that is off", "start linux1", command_control,
	  HV_DOMAIN_START },
	{ "stop", "Ds", DOMAIN, "presses its power button; kills it if it goes on", "stop linux1 5",
	  command_stop, 0 },
	{ "kill", "D", DOMAIN, "stops a domain at once", "kill linux1", command_control,
	  HV_DOMAIN_KILL },
	{ "restart", "D", DOMAIN, "kills a domain and starts it from its image", "restart linux1",
	  command_control, HV_DOMAIN_RESTART },
	{ "pause", "D", DOMAIN, "holds a domain", "pause linux1", command_control,
	  HV_DOMAIN_PAUSE },
	{ "resume", "D", DOMAIN, "lets a paused domain go on", "resume linux1", command_control,
	  HV_DOMAIN_RESUME },
	{ "upgrade", "Difc", DOMAIN, "restarts it into another image: `bh ctl`", NULL,
	  command_upgrade, 0 },
	{ "shutdown", "", SYSTEM, "stops every domain, then powers the machine off", NULL,
	  command_power, 0 },
	{ "reboot", "", SYSTEM, "resets the machine now", NULL, command_power, 1 },
	{ "events", "W", SYSTEM, "says changes of domains on the control port: on or off",
	  "events on", command_events, 0 },
	{ "crash", "D", NULL, NULL, NULL, command_crash, 0 },
	{ "hang", "D", NULL, NULL, NULL, command_hang, 0 },
	{ 0 },
};
