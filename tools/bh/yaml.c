/*
 * The schema of a configuration file for libcyaml. Scalars are all text here: their meaning, and
 * the message when they have none, is compile.c's. libcyaml reports through its log; the first
 * message is kept, with the innermost line of the backtrace that follows it.
 */
#include "tools/bh/yaml.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bh/report.h"
#include "vmm/config.h"

#define TEXT(key, type, member)                                                                    \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, 4096)
#define LIST(key, type, member, entry)                                                             \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, entry,   \
			     0, 64)
#define ENTRY(type, fields)                                                                        \
	{                                                                                          \
		CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, type, fields)                              \
	}

static const cyaml_schema_field_t device_fields[] = {
	TEXT("name", struct yaml_device, name),
	TEXT("class", struct yaml_device, class),
	TEXT("id", struct yaml_device, id),
	TEXT("slot", struct yaml_device, slot),
	TEXT("optional", struct yaml_device, optional),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t disk_fields[] = {
	TEXT("from", struct yaml_disk, from),
	TEXT("device", struct yaml_disk, device),
	TEXT("unit", struct yaml_disk, unit),
	TEXT("module", struct yaml_disk, module),
	TEXT("fallback", struct yaml_disk, fallback),
	TEXT("offset", struct yaml_disk, offset),
	TEXT("size", struct yaml_disk, size),
	TEXT("serial", struct yaml_disk, serial),
	TEXT("read-only", struct yaml_disk, readonly),
	TEXT("rate-bytes", struct yaml_disk, rate_bytes),
	TEXT("rate-requests", struct yaml_disk, rate_requests),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t nic_fields[] = {
	TEXT("from", struct yaml_nic, from),
	TEXT("bridge", struct yaml_nic, bridge),
	TEXT("mac", struct yaml_nic, mac),
	TEXT("rate-bytes", struct yaml_nic, rate_bytes),
	TEXT("rate-requests", struct yaml_nic, rate_requests),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t bridge_fields[] = {
	TEXT("name", struct yaml_bridge, name),
	TEXT("device", struct yaml_bridge, device),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t console_fields[] = {
	TEXT("from", struct yaml_console, from),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t word_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, 64),
};
static const cyaml_schema_value_t device_entry = ENTRY(struct yaml_device, device_fields);
static const cyaml_schema_value_t disk_entry = ENTRY(struct yaml_disk, disk_fields);
static const cyaml_schema_value_t nic_entry = ENTRY(struct yaml_nic, nic_fields);
static const cyaml_schema_value_t bridge_entry = ENTRY(struct yaml_bridge, bridge_fields);
static const cyaml_schema_value_t console_entry = ENTRY(struct yaml_console, console_fields);

static const cyaml_schema_field_t domain_fields[] = {
	TEXT("name", struct yaml_domain, name),
	TEXT("type", struct yaml_domain, type),
	TEXT("platform", struct yaml_domain, platform),
	TEXT("legacy-from", struct yaml_domain, legacy_from),
	TEXT("entry", struct yaml_domain, entry),
	TEXT("image", struct yaml_domain, image),
	TEXT("kernel", struct yaml_domain, kernel),
	TEXT("initrd", struct yaml_domain, initrd),
	TEXT("module", struct yaml_domain, module),
	TEXT("cmdline", struct yaml_domain, cmdline),
	TEXT("memory", struct yaml_domain, memory),
	TEXT("dma-pool", struct yaml_domain, dma_pool),
	TEXT("kept", struct yaml_domain, kept),
	TEXT("stage", struct yaml_domain, stage),
	TEXT("vcpus", struct yaml_domain, vcpus),
	TEXT("cpu", struct yaml_domain, cpu),
	TEXT("priority", struct yaml_domain, priority),
	TEXT("quantum", struct yaml_domain, quantum),
	TEXT("cap", struct yaml_domain, cap),
	TEXT("dedicated", struct yaml_domain, dedicated),
	LIST("cpus", struct yaml_domain, cpus, &word_entry),
	TEXT("restart", struct yaml_domain, restart),
	TEXT("restart-limit", struct yaml_domain, restart_limit),
	TEXT("restart-delay", struct yaml_domain, restart_delay),
	TEXT("stop-timeout", struct yaml_domain, stop_timeout),
	TEXT("watchdog", struct yaml_domain, watchdog),
	TEXT("strict", struct yaml_domain, strict),
	LIST("rights", struct yaml_domain, rights, &word_entry),
	LIST("devices", struct yaml_domain, devices, &device_entry),
	LIST("disks", struct yaml_domain, disks, &disk_entry),
	LIST("consoles", struct yaml_domain, consoles, &console_entry),
	LIST("nics", struct yaml_domain, nics, &nic_entry),
	LIST("bridges", struct yaml_domain, bridges, &bridge_entry),
	TEXT("rng-from", struct yaml_domain, rng_from),
	TEXT("vsock-from", struct yaml_domain, vsock_from),
	TEXT("vsock-cid", struct yaml_domain, vsock_cid),
	TEXT("vsock-shell", struct yaml_domain, vsock_shell),
	TEXT("watchdog-from", struct yaml_domain, watchdog_from),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t domain_entry = ENTRY(struct yaml_domain, domain_fields);

static const cyaml_schema_field_t slot_fields[] = {
	TEXT("cpu", struct yaml_slot, cpu),       TEXT("domain", struct yaml_slot, domain),
	TEXT("vcpu", struct yaml_slot, vcpu),     TEXT("start", struct yaml_slot, start),
	TEXT("length", struct yaml_slot, length), CYAML_FIELD_END,
};

static const cyaml_schema_value_t slot_entry = ENTRY(struct yaml_slot, slot_fields);

static const cyaml_schema_field_t schedule_fields[] = {
	TEXT("frame", struct yaml_schedule, frame),
	LIST("slots", struct yaml_schedule, slots, &slot_entry),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t hypervisor_fields[] = {
	TEXT("log", struct yaml_hypervisor, log),
	TEXT("cmdline", struct yaml_hypervisor, cmdline),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t emulator_fields[] = {
	TEXT("memory", struct yaml_emulator, memory),
	TEXT("cpus", struct yaml_emulator, cpus),
	TEXT("disk", struct yaml_emulator, disk),
	TEXT("net", struct yaml_emulator, net),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t top_fields[] = {
	TEXT("name", struct yaml_config, name),
	CYAML_FIELD_MAPPING_PTR("hypervisor", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				struct yaml_config, hypervisor, hypervisor_fields),
	CYAML_FIELD_MAPPING_PTR("emulator", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				struct yaml_config, emulator, emulator_fields),
	CYAML_FIELD_MAPPING_PTR("schedule", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				struct yaml_config, schedule, schedule_fields),
	LIST("domains", struct yaml_config, domains, &domain_entry),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t top = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_config, top_fields),
};

/* libcyaml's first complaint and where it was. */
struct complaint {
	char text[256];
	unsigned line;
};

static void listen(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct complaint *c = ctx;
	char text[256];
	const char *at;

	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = 0;
	at = strstr(text, "(line: ");
	if (at && !c->line)
		c->line = strtoul(at + strlen("(line: "), NULL, 10);
	if (level == CYAML_LOG_ERROR && !c->text[0] && strncmp(text, "Load: ", 6) == 0)
		snprintf(c->text, sizeof(c->text), "%s", text + 6);
}

/* libcyaml gives the line of the mapping that holds an unknown key; the key is below it. */
static unsigned key_line(const char *file, unsigned from, const char *key)
{
	FILE *f = fopen(file, "r");
	char text[1024];
	unsigned line = 0, found = 0;

	while (f && !found && fgets(text, sizeof(text), f)) {
		const char *at = ++line >= from ? strstr(text, key) : NULL;

		if (at && at[strlen(key)] == ':')
			found = line;
	}
	if (f)
		fclose(f);
	return found ? found : from;
}

static void report_complaint(const char *file, const struct complaint *c, cyaml_err_t e)
{
	const char *key = strstr(c->text, "Unexpected key: ");

	if (key) {
		key += strlen("Unexpected key: ");
		report_line(key_line(file, c->line, key),
			    "%s: there is no such key here; docs/config.md lists them", key);
	} else {
		report_line(c->line, "%s; docs/config.md shows the form",
			    c->text[0] ? c->text : cyaml_strerror(e));
	}
}

struct yaml_config *yaml_load(const char *file)
{
	struct complaint c = { .text = "" };
	cyaml_config_t config = {
		.log_fn = listen, .log_ctx = &c, .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem
	};
	struct yaml_config *result = NULL;
	cyaml_err_t e;

	report_file(file);
	if (access(file, R_OK) != 0) {
		report_line(0, "cannot be read; give the path of a configuration file");
		return NULL;
	}
	e = cyaml_load_file(file, &config, &top, (cyaml_data_t **)&result, NULL);
	if (e != CYAML_OK) {
		report_complaint(file, &c, e);
		return NULL;
	}
	if (!result)
		report_line(1, "is empty; docs/config.md shows the form");
	return result;
}
