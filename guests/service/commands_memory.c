/*
 * The verb `memory`: who holds how much. All of it is given out once, at boot: what changes later
 * is only how many of a domain's page tables are in use.
 */
#include "guests/service/commands.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"

static const struct answer_column columns[] = {
	{ "domain", "NAME", -12, ANSWER_PLAIN },
	{ "memory", "MEMORY", 12, ANSWER_KIB },
	{ "held", "HELD FOR IT", 12, ANSWER_KIB },
	{ "tables_free", "TABLES FREE", 12, ANSWER_KIB },
	{ 0 },
};

static void memory_of(struct answer *a, const struct hv_cap *cap)
{
	struct hv_domain_info info;

	if (hv_domain_info(cap->handle, &info) < 0)
		return;
	answer_row(a);
	answer_text(a, info.name);
	answer_number(a, info.memory);
	answer_number(a, info.overhead);
	answer_number(a, info.tables_free);
}

void command_memory(struct answer *a, const struct request *r, int detail)
{
	const struct hv_cap *cap = boot_cap_of(HV_CAP_TRACE);
	struct hv_system_info info;

	if (!cap || hv_system_info(cap->handle, &info) < 0) {
		answer_fail(a, "the config does not give `inspect` to %s", boot->name);
		return;
	}
	answer_table(a, "domains", columns);
	for (unsigned i = 0; i < boot->caps; i++)
		if (boot->cap[i].type == HV_CAP_DOMAIN && boot->cap[i].rights & HV_RIGHT_READ)
			memory_of(a, &boot->cap[i]);
	answer_end(a);
	answer_field_number(a, "hypervisor", info.held, ANSWER_KIB);
	answer_field_number(a, "free", info.free, ANSWER_KIB);
}
