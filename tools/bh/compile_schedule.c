/*
 * Who runs where and when: each domain's scheduling keys, the cyclic table, and what `bh check`
 * says of the shares that follow from it.
 */
#include "tools/bh/compile_parts.h"

#include <stdio.h>
#include <string.h>

#include "tools/bh/report.h"

#define CPU_MAX 255u

/* "25%" or "25". */
static void compile_percent(uint32_t *percent, const char *text, const char *base, const char *name)
{
	char number[8], key[COMPILE_KEY];
	uint64_t v;

	if (!text)
		return;
	snprintf(number, sizeof(number), "%.*s", (int)strcspn(text, "%"), text);
	if (value_number(number, 100, &v) && (!strchr(text, '%') || !strchr(text, '%')[1]))
		*percent = v;
	else
		report_key(compile_key(key, base, name), "\"%s\" is no share; 1%% to 100%%", text);
}

static void compile_cpus(struct config_domain *d, const struct yaml_domain *y, const char *base)
{
	uint32_t cpu = CONFIG_NONE;
	char key[COMPILE_KEY];

	compile_number(&cpu, CPU_MAX, y->cpu, base, "cpu");
	for (unsigned i = 0; i < CONFIG_VCPUS; i++)
		d->cpu[i] = cpu;
	if (!y->cpus_count)
		return;
	if (y->cpu || y->cpus_count != d->vcpus) {
		report_key(compile_key(key, base, "cpus"),
			   "one CPU for each of %u vCPUs, and no cpu", d->vcpus);
		return;
	}
	for (unsigned i = 0; i < d->vcpus; i++) {
		char name[32];

		snprintf(name, sizeof(name), "cpus[%u]", i);
		compile_number(&cpu, CPU_MAX, y->cpus[i], base, name);
		d->cpu[i] = cpu;
	}
}

void compile_schedule(struct config_domain *d, const struct yaml_domain *y, const char *base)
{
	bool dedicated = false;

	d->vcpus = 1;
	compile_number(&d->vcpus, CONFIG_VCPUS, y->vcpus, base, "vcpus");
	compile_cpus(d, y, base);
	compile_flag(&dedicated, y->dedicated, base, "dedicated");
	d->flags |= dedicated ? CONFIG_FLAG_DEDICATED : 0;
	d->priority = d->flags & CONFIG_FLAG_SERVICE ? 6 : 4;
	compile_number(&d->priority, 7, y->priority, base, "priority");
	d->quantum_us = 5000;
	compile_time(&d->quantum_us, 1, y->quantum, base, "quantum");
	compile_percent(&d->cap_percent, y->cap, base, "cap");
	d->restart_limit = 5;
	compile_number(&d->restart_limit, 1000, y->restart_limit, base, "restart-limit");
	d->restart_delay_ms = 100;
	compile_time(&d->restart_delay_ms, 1000, y->restart_delay, base, "restart-delay");
	d->stop_timeout_ms = 30000;
	compile_time(&d->stop_timeout_ms, 1000, y->stop_timeout, base, "stop-timeout");
	compile_time(&d->watchdog_ms, 1000, y->watchdog, base, "watchdog");
}

static void compile_slot(struct config *c, const struct yaml_slot *y, unsigned i)
{
	struct config_slot *s = &c->slot[i];
	uint32_t cpu = 0, vcpu = 0;
	char base[COMPILE_KEY], key[COMPILE_KEY];

	snprintf(base, sizeof(base), "schedule.slots[%u]", i);
	s->domain = CONFIG_NONE;
	for (unsigned d = 0; y->domain && d < c->domains; d++)
		if (!strcmp(c->domain[d].name, y->domain))
			s->domain = d;
	if (s->domain == CONFIG_NONE)
		report_key(compile_key(key, base, "domain"), "%s; the name of a domain",
			   y->domain ? y->domain : "is missing");
	if (!y->length)
		report_key(base, "length is missing; a time such as 5ms");
	compile_number(&cpu, CPU_MAX, y->cpu, base, "cpu");
	compile_number(&vcpu, CONFIG_VCPUS - 1, y->vcpu, base, "vcpu");
	compile_time(&s->start_us, 1, y->start, base, "start");
	compile_time(&s->length_us, 1, y->length, base, "length");
	s->cpu = cpu;
	s->vcpu = vcpu;
}

void compile_table(struct config *c, const struct yaml_schedule *y)
{
	if (!y)
		return;
	if (!y->frame)
		report_key("schedule", "frame is missing; a time such as 20ms");
	compile_time(&c->frame_us, 1, y->frame, "schedule", "frame");
	if (y->slots_count > CONFIG_SLOTS) {
		report_key("schedule.slots", "%u; at most %u", y->slots_count, CONFIG_SLOTS);
		return;
	}
	c->slots = y->slots_count;
	for (unsigned i = 0; i < c->slots; i++)
		compile_slot(c, &y->slots[i], i);
}

void schedule_print(const struct config *c)
{
	for (unsigned d = 0; d < c->domains; d++) {
		for (unsigned v = 0; v < c->domain[d].vcpus; v++) {
			unsigned us = 0, slots = 0, cpu = 0, permille;

			for (const struct config_slot *s = c->slot; s < c->slot + c->slots; s++) {
				if (s->domain != d || s->vcpu != v)
					continue;
				us += s->length_us;
				slots++;
				cpu = s->cpu;
			}
			permille = c->frame_us ? us * 1000ull / c->frame_us : 0;
			if (slots)
				printf("%s: vCPU %u has %u.%u %% of CPU %u, %u slots in each "
				       "frame\n",
				       c->domain[d].name, v, permille / 10, permille % 10, cpu,
				       slots);
		}
	}
}
