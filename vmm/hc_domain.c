/*
 * Hypercalls about domains and the machine: control, information, watchdog, power.
 */
#include "abi/cap.h"
#include "arch/x86/cpu/cpu.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "vmm/cap.h"
#include "vmm/domain.h"
#include "vmm/guestmem.h"
#include "vmm/hypercall.h"
#include "vmm/ending.h"
#include "vmm/stage.h"
#include "vmm/vuart.h"
#include "vmm/watchdog.h"

enum verdict hc_domain_ctl(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = cap_domain(v, arg[0], HV_CAP_DOMAIN, HV_RIGHT_CONTROL, result);

	if (d)
		*result = arg[1] >> 32 ? ERR_INVAL : domain_control(d, arg[1], arg[2]);
	return VERDICT_DONE;
}

static void describe_exits(const struct vcpu *v, struct hv_domain_info *info)
{
	for (unsigned i = 0; i < EXIT_KINDS; i++) {
		info->exits += v->exits[i];
		info->kind[i] += v->exits[i];
	}
}

static void domain_describe(const struct domain *d, struct hv_domain_info *info)
{
	*info = (struct hv_domain_info){
		.state = d->state,
		.incarnation = d->incarnation,
		.memory = d->config->memory,
		.console_lost = d->uart ? vuart_lost(d) : 0,
		.overhead = d->overhead,
		.tables_free = (d->pool.pages - d->pool.used) * PAGE_SIZE,
		.vcpus = d->vcpus,
		.cpu = d->vcpus ? d->vcpu[0]->cpu : 0,
	};
	for (unsigned i = 0; i < d->vcpus; i++) {
		info->run_cycles += d->vcpu[i]->run_cycles;
		describe_exits(d->vcpu[i], info);
		info->interrupts += d->vcpu[i]->interrupts;
	}
	str_copy(info->name, d->name, sizeof(info->name));
	str_copy(info->last_words, d->last_words, sizeof(info->last_words));
}

enum verdict hc_domain_info(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	const struct domain *d = cap_domain(v, arg[0], HV_CAP_DOMAIN, HV_RIGHT_READ, result);
	struct hv_domain_info info;

	if (!d)
		return VERDICT_DONE;
	domain_describe(d, &info);
	if (arg[2] < sizeof(info))
		*result = HV_ERR_RANGE;
	else if (!guest_write(v->domain, gpa(arg[1]), &info, sizeof(info)))
		*result = HV_ERR_FAULT;
	return VERDICT_DONE;
}

/* Pieces of an image; none, at the end of all: it is to be taken. */
enum verdict hc_image_stage(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = cap_domain(v, arg[0], HV_CAP_DOMAIN, HV_RIGHT_CONTROL, result);

	if (d)
		*result = arg[3] ? stage_write(d, arg[1], v->domain, gpa(arg[2]), arg[3])
				 : stage_finish(d, arg[1], arg[4]);
	return VERDICT_DONE;
}

enum verdict hc_system_info(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct hv_system_info info = {
		.free = frames_free_bytes(),
		.held = frames_hv_bytes(),
		.cpus = cpu_count(),
		.domains = domain_count(),
	};
	const struct hv_cap *cap;

	*result = cap_lookup(v->domain, arg[0], HV_CAP_TRACE, HV_RIGHT_READ, &cap);
	if (*result == OK && arg[2] < sizeof(info))
		*result = HV_ERR_RANGE;
	if (*result == OK && !guest_write(v->domain, gpa(arg[1]), &info, sizeof(info)))
		*result = HV_ERR_FAULT;
	return VERDICT_DONE;
}

enum verdict hc_system_ctl(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	const struct hv_cap *cap;

	*result = cap_lookup(v->domain, arg[0], HV_CAP_SYSTEM, HV_RIGHT_USE, &cap);
	if (*result != OK)
		return VERDICT_DONE;
	if (arg[1] == HV_SYSTEM_POWEROFF)
		system_power_off();
	if (arg[1] == HV_SYSTEM_REBOOT)
		system_reboot();
	*result = HV_ERR_INVAL;
	return VERDICT_DONE;
}

enum verdict hc_watchdog(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	struct domain *d = v->domain;

	if (arg[1])
		d = cap_domain(v, arg[1], HV_CAP_DOMAIN, HV_RIGHT_USE, result);
	if (d)
		*result = d->state == HV_STATE_RUNNING || d->state == HV_STATE_PAUSED
				  ? watchdog_ask(d, arg[0])
				  : ERR_STATE;
	return VERDICT_DONE;
}

/* A guest of ours has done its work: as a power-off, with its status in the log. */
enum verdict hc_exit(struct vcpu *v, const uint64_t arg[5], int64_t *result)
{
	if (arg[0])
		return domain_kill(v->domain, "it ended with status %ld", (int64_t)arg[0]);
	return domain_power(v->domain, false);
}
