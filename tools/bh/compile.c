/*
 * Gives the text of a configuration file its meaning, key by key, with the defaults that
 * docs/config.md promises. A path such as "domains[1].memory" follows each value for the message.
 */
#include "tools/bh/compile.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/bh/compile_parts.h"
#include "tools/bh/net.h"
#include "tools/bh/report.h"
#include "tools/bh/values.h"
#include "tools/bh/yaml.h"

#define TYPE_SERVICE 0x100 /* a native guest with the service flag */

static const struct value_word types[] = {
	{ "native", CONFIG_NATIVE },
	{ "service", TYPE_SERVICE },
	{ "linux", CONFIG_LINUX },
	{ "multiboot", CONFIG_MULTIBOOT },
	{ "multiboot2", CONFIG_MULTIBOOT2 },
	{ "pvh", CONFIG_PVH },
	{ "flat", CONFIG_FLAT },
	{ "firmware", CONFIG_FIRMWARE },
	{ NULL, 0 },
};

/* Which of a Linux kernel's entries. */
static const struct value_word entries[] = {
	{ "64", CONFIG_LINUX },
	{ "32", CONFIG_LINUX32 },
	{ NULL, 0 },
};

static const struct value_word rights[] = {
	{ "console", CONFIG_RIGHT_CONSOLE },
	{ "power", CONFIG_RIGHT_POWER },
	{ "control", CONFIG_RIGHT_CONTROL },
	{ "inspect", CONFIG_RIGHT_INSPECT },
	{ NULL, 0 },
};

static const struct value_word restarts[] = {
	{ "never", CONFIG_RESTART_NEVER },
	{ "on-crash", CONFIG_RESTART_ON_CRASH },
	{ "always", CONFIG_RESTART_ALWAYS },
	{ NULL, 0 },
};

static const struct value_word platforms[] = {
	{ "plain", 0 },
	{ "pc", CONFIG_FLAG_PC },
	{ NULL, 0 },
};

static const struct value_word levels[] = {
	{ "error", 0 }, { "warn", 1 }, { "info", 2 }, { "debug", 3 }, { NULL, 0 },
};

static void missing(const char *base, const char *name, const char *what)
{
	report_key(base, "%s is missing; %s", name, what);
}

static void compile_rights(struct config_domain *d, const struct yaml_domain *y, const char *base)
{
	for (unsigned i = 0; i < y->rights_count; i++) {
		char name[32];
		uint64_t bit = 0;

		snprintf(name, sizeof(name), "rights[%u]", i);
		compile_word(&bit, rights, y->rights[i], base, name);
		d->rights |= bit;
	}
}

static void compile_kind(struct config_domain *d, const struct yaml_domain *y, const char *base)
{
	uint64_t type = CONFIG_NATIVE, platform = 0, restart;
	char key[COMPILE_KEY];
	bool strict = false;

	if (!y->type)
		missing(base, "type",
			"native, service, linux, multiboot, multiboot2, pvh, flat or firmware");
	compile_word(&type, types, y->type, base, "type");
	if (y->entry && type != CONFIG_LINUX)
		report_key(compile_key(key, base, "entry"), "for type linux only");
	else
		compile_word(&type, entries, y->entry, base, "entry");
	d->protocol = type == TYPE_SERVICE ? CONFIG_NATIVE : type;
	d->flags = type == TYPE_SERVICE ? CONFIG_FLAG_SERVICE : 0;
	compile_flag(&strict, y->strict, base, "strict");
	compile_word(&platform, platforms, y->platform, base, "platform");
	d->flags |= platform | (strict ? CONFIG_FLAG_STRICT : 0);
	restart = type == TYPE_SERVICE ? CONFIG_RESTART_ON_CRASH : CONFIG_RESTART_NEVER;
	compile_word(&restart, restarts, y->restart, base, "restart");
	d->restart = restart;
}

static void compile_memory(struct config_domain *d, const struct yaml_domain *y, const char *base)
{
	if (!y->memory)
		missing(base, "memory", "a size such as 64M");
	compile_size(&d->memory, y->memory, base, "memory");
	compile_size(&d->dma_pool, y->dma_pool, base, "dma-pool");
	compile_size(&d->kept, y->kept, base, "kept");
	compile_size(&d->stage, y->stage, base, "stage");
}

/* What a domain's image must be, by protocol. */
static const enum module_use image_uses[] = {
	[CONFIG_NATIVE] = MODULE_ELF64,
	[CONFIG_LINUX] = MODULE_BZIMAGE,
	[CONFIG_MULTIBOOT] = MODULE_MULTIBOOT,
	[CONFIG_FLAT] = MODULE_RAW,
	[CONFIG_LINUX32] = MODULE_BZIMAGE32,
	[CONFIG_MULTIBOOT2] = MODULE_MULTIBOOT2,
	[CONFIG_PVH] = MODULE_PVH,
	[CONFIG_FIRMWARE] = MODULE_FIRMWARE,
};

static void compile_images(struct system_image *out, struct config_domain *d,
			   const struct yaml_domain *y, const char *base)
{
	const struct config_keys *k = &config_keys[d->protocol];
	const struct {
		const char *name, *file;
	} given[] = { { "image", y->image },
		      { "kernel", y->kernel },
		      { "initrd", y->initrd },
		      { "module", y->module } };

	d->image = d->initrd = CONFIG_NONE;
	for (unsigned i = 0; i < ARRAY_SIZE(given); i++) {
		char key[COMPILE_KEY];

		compile_key(key, base, given[i].name);
		if (!strcmp(given[i].name, k->image)) {
			if (given[i].file)
				d->image = modules_add(&out->modules, &out->blob, given[i].file,
						       image_uses[d->protocol], key);
			else
				missing(base, k->image, "the file to start");
		} else if (given[i].file && k->module && !strcmp(given[i].name, k->module)) {
			d->initrd = modules_add(&out->modules, &out->blob, given[i].file,
						MODULE_RAW, key);
		} else if (given[i].file) {
			report_key(key, "not for this type; %s%s%s", k->image,
				   k->module ? " and " : "", k->module ? k->module : "");
		}
	}
}

static void compile_domain(struct system_image *out, const struct yaml_config *y, unsigned i)
{
	struct config_domain *d = &out->blob.domain[i];
	const struct yaml_domain *yd = &y->domains[i];
	char base[COMPILE_KEY];

	snprintf(base, sizeof(base), "domains[%u]", i);
	if (!yd->name)
		missing(base, "name", "a word such as linux1");
	compile_text(d->name, sizeof(d->name), yd->name, base, "name");
	compile_kind(d, yd, base);
	compile_rights(d, yd, base);
	compile_memory(d, yd, base);
	compile_schedule(d, yd, base);
	compile_text(d->cmdline, sizeof(d->cmdline), yd->cmdline, base, "cmdline");
	compile_images(out, d, yd, base);
	compile_devices(d, yd, base);
	compile_bridges(d, yd, base);
}

/* KIND:FILE or FILE; the file is relative to the configuration's folder. */
static void compile_disk_file(struct system_image *out, const char *disk)
{
	const char *colon = disk ? strchr(disk, ':') : NULL;
	const char *file = colon ? colon + 1 : disk;
	char text[PATH_MAX];

	if (!disk)
		return;
	snprintf(text, sizeof(text), "%.*s%s", (int)(file - disk), disk, modules_path(file));
	compile_text(out->disk, sizeof(out->disk), text, "emulator", "disk");
}

static void compile_net(struct system_image *out, const char *net)
{
	enum net_kind kind;
	const char *forwards;

	if (!net)
		return;
	if (!net_parse(net, &kind, &forwards))
		report_key("emulator.net", "\"%s\"; " NET_WORDS, net);
	compile_text(out->net, sizeof(out->net), net, "emulator", "net");
}

static void compile_top(struct system_image *out, const struct yaml_config *y)
{
	const struct yaml_hypervisor *h = y->hypervisor;
	const struct yaml_emulator *e = y->emulator;
	uint32_t cpus = 0;
	uint64_t bytes = 0, level = 0;

	if (!y->name)
		missing("", "name", "a word for the whole system");
	compile_text(out->blob.name, sizeof(out->blob.name), y->name, "", "name");
	if (h) {
		compile_word(&level, levels, h->log, "hypervisor", "log");
		snprintf(out->cmdline, sizeof(out->cmdline), "%s%s%s%s", h->log ? "log=" : "",
			 h->log ? h->log : "", h->log && h->cmdline ? " " : "",
			 h->cmdline ? h->cmdline : "");
	}
	if (e) {
		compile_size(&bytes, e->memory, "emulator", "memory");
		compile_number(&cpus, 64, e->cpus, "emulator", "cpus");
		compile_disk_file(out, e->disk);
		compile_net(out, e->net);
	}
	out->cpus = cpus;
	if (bytes)
		snprintf(out->memory, sizeof(out->memory), "%luM", (unsigned long)(bytes >> 20));
}

/* config_check's line begins with "domain NAME: KEY: " or "KEY: "; the file has it as a path. */
static void report_why(const struct config *c, const char *why)
{
	char name[CONFIG_NAME], path[COMPILE_KEY], key[64];
	int n = 0;

	if (sscanf(why, "domain %31[^:]: %63[^:]:%n", name, key, &n) == 2 && n > 0) {
		for (unsigned i = 0; i < c->domains; i++)
			if (strcmp(c->domain[i].name, name) == 0) {
				snprintf(path, sizeof(path), "domains[%u].%s", i, key);
				report_key(path, "domain %s:%s", name, why + n);
				return;
			}
	}
	if (sscanf(why, "%63[^:]: %n", key, &n) == 1 && n > 0)
		report_key(key, "%s", why + n);
	else
		report_line(0, "%s", why);
}

bool compile(const char *file, struct system_image *out)
{
	struct yaml_config *y = yaml_load(file);
	struct config *c = &out->blob;
	char why[256] = "";

	memset(out, 0, sizeof(*out));
	if (!y)
		return false;
	modules_relative_to(file);
	if (y->domains_count < 1 || y->domains_count > CONFIG_DOMAINS) {
		report_key("domains", "%u of them; 1 to %u", y->domains_count, CONFIG_DOMAINS);
		return false;
	}
	*c = (struct config){ .magic = CONFIG_MAGIC,
			      .version = CONFIG_VERSION,
			      .bytes = sizeof(*c),
			      .domains = y->domains_count };
	compile_top(out, y);
	for (unsigned i = 0; i < y->domains_count; i++)
		compile_domain(out, y, i);
	for (unsigned i = 0; i < y->domains_count; i++)
		compile_served(out, y, i);
	compile_table(c, y->schedule);
	if (report_errors())
		return false;
	c->crc = config_crc(c);
	if (config_check(c, sizeof(*c), why, sizeof(why)) == OK)
		return true;
	report_why(c, why);
	return false;
}
