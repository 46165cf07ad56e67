/*
 * The last part of booting: config, domains, and the scheduler's loop on every CPU.
 */
#include "vmm/start.h"

#include "drivers/power.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "vmm/config.h"
#include "vmm/cpuid.h"
#include "vmm/launch.h"
#include "vmm/ending.h"
#include "vmm/msr.h"
#include "vmm/sched.h"
#include "vmm/trace.h"

static const struct config *start_find_config(const struct start_info *info)
{
	char why[160];

	for (size_t i = 0; i < info->count; i++) {
		const struct start_module *m = &info->modules[i];

		if (strcmp(m->name, CONFIG_MODULE))
			continue;
		if (config_check(m->data, m->bytes, why, sizeof(why)) == OK)
			return m->data;
		log_error("config: refused: %s", why);
		return NULL;
	}
	log_error("config: no module \"%s\": make the image with `bh image CONFIG -o X.iso`",
		  CONFIG_MODULE);
	return NULL;
}

/* Service domains first: the others need them. */
static void start_all(void)
{
	for (int service = 1; service >= 0; service--) {
		for (unsigned i = 0; i < domain_count(); i++) {
			struct domain *d = domain_get(i);

			if (!!(d->config->flags & CONFIG_FLAG_SERVICE) == service && d->vcpus &&
			    domain_control(d, HV_DOMAIN_START, 0) != OK)
				log_error("%s: cannot be started", d->name);
		}
	}
}

static bool start_has_any(void)
{
	for (unsigned i = 0; i < domain_count(); i++)
		if (domain_get(i)->vcpus)
			return true;
	return false;
}

/* Rings for whom the trace is: the command line, and domains with the right to read it. */
static void start_trace(const struct config *c, const struct start_info *info)
{
	bool wanted = info->trace || info->trace_dump;

	for (unsigned i = 0; i < c->domains; i++)
		wanted |= c->domain[i].rights & CONFIG_RIGHT_INSPECT;
	if (wanted)
		trace_init(info->trace);
	if (info->trace_dump)
		trace_print_at_end();
}

void start_domains(const struct start_info *info)
{
	const struct config *c = start_find_config(info);

	if (!c)
		system_power_off();
	start_trace(c, info);
	sched_init();
	cpuid_init();
	msr_open_all();
	launch_init(c, info);
	domains_build(c, info);
	if (!start_has_any()) {
		log_error("config %s: no domain fits this machine", c->name);
		system_power_off();
	}
	log_info("config %s: %u domains, %lu KiB for the hypervisor, %lu MiB left", c->name,
		 c->domains, frames_hv_bytes() >> 10, frames_free_bytes() >> 20);
	start_all();
}

NORETURN void start_cpu(void)
{
	sched_loop();
}
