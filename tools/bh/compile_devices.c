/*
 * Devices that a service domain owns, and what others are served from them.
 */
#include "tools/bh/compile_parts.h"

#include <stdio.h>
#include <string.h>

#include "abi/boot.h"
#include "tools/bh/report.h"

static void compile_match(struct config_device *v, const struct yaml_device *y, const char *base)
{
	unsigned given = !!y->class + !!y->id + !!y->slot;
	char key[COMPILE_KEY], words[256];

	if (given != 1) {
		report_key(base, "%s; exactly one of class, id and slot",
			   given ? "found in two ways" : "cannot be found");
	} else if (y->class && strcmp(y->class, "disk") == 0) {
		v->match = CONFIG_BY_DISK;
	} else if (y->class) {
		v->match = CONFIG_BY_CLASS;
		value_words(value_classes, words, sizeof(words));
		if (!value_pci_class(y->class, &v->class_code))
			report_key(compile_key(key, base, "class"),
				   "\"%s\" is unknown; disk, %s, or six hexadecimal digits",
				   y->class, words);
	} else if (y->id) {
		v->match = CONFIG_BY_ID;
		if (!value_pci_id(y->id, &v->vendor, &v->device))
			report_key(compile_key(key, base, "id"),
				   "\"%s\"; vendor:device such as \"1af4:1042\"", y->id);
	} else {
		v->match = CONFIG_BY_SLOT;
		if (!value_pci_slot(y->slot, &v->slot))
			report_key(compile_key(key, base, "slot"),
				   "\"%s\"; bus:device.function such as \"00:04.0\"", y->slot);
	}
}

void compile_devices(struct config_domain *d, const struct yaml_domain *y, const char *base)
{
	char here[COMPILE_KEY];

	if (y->devices_count > CONFIG_DEVICES) {
		report_key(base, "devices: %u of them; at most %u", y->devices_count,
			   CONFIG_DEVICES);
		return;
	}
	d->devices = y->devices_count;
	for (unsigned i = 0; i < y->devices_count; i++) {
		struct config_device *v = &d->device[i];
		bool optional = false;

		snprintf(here, sizeof(here), "%s.devices[%u]", base, i);
		if (!y->devices[i].name)
			report_key(here, "name is missing; a word that disks can refer to");
		compile_text(v->name, sizeof(v->name), y->devices[i].name, here, "name");
		compile_match(v, &y->devices[i], here);
		compile_flag(&optional, y->devices[i].optional, here, "optional");
		v->optional = optional;
	}
}

bool compile_backend(const struct config *c, const char *from, uint16_t *backend, const char *base,
		     const char *name)
{
	char key[COMPILE_KEY];

	for (unsigned i = 0; from && i < c->domains; i++) {
		if (strcmp(c->domain[i].name, from) == 0) {
			*backend = i;
			return true;
		}
	}
	if (from)
		report_key(compile_key(key, base, name),
			   "there is no domain %s; the name of a service domain", from);
	else
		report_key(base, "%s is missing; the name of a service domain", name);
	return false;
}

static void compile_source(struct system_image *out, struct config_served *s,
			   const struct yaml_disk *y, const char *base)
{
	const struct config_domain *backend = &out->blob.domain[s->backend];
	char key[COMPILE_KEY];

	if (!y->device == !y->module) {
		report_key(base, "%s; exactly one of device and module",
			   y->device ? "has two sources" : "has no source");
	} else if (y->module) {
		s->source_kind = HV_SOURCE_MODULE;
		s->source = modules_add(&out->modules, &out->blob, y->module, MODULE_DISK,
					compile_key(key, base, "module"));
	} else {
		s->source_kind = HV_SOURCE_DEVICE;
		s->source = CONFIG_NONE;
		for (unsigned i = 0; i < backend->devices; i++)
			if (strcmp(backend->device[i].name, y->device) == 0)
				s->source = i;
		if (s->source == CONFIG_NONE)
			report_key(compile_key(key, base, "device"),
				   "domain %s has no device named %s; one of its devices",
				   backend->name, y->device);
	}
	if (y->fallback)
		s->fallback = modules_add(&out->modules, &out->blob, y->fallback, MODULE_DISK,
					  compile_key(key, base, "fallback"));
}

static void compile_disk(struct system_image *out, struct config_served *s,
			 const struct yaml_disk *y, const char *base)
{
	bool readonly = false;
	uint32_t unit = 0;

	*s = (struct config_served){ .kind = HV_SERVED_BLOCK, .fallback = CONFIG_NONE };
	if (!compile_backend(&out->blob, y->from, &s->backend, base, "from"))
		return;
	compile_source(out, s, y, base);
	compile_number(&unit, CONFIG_UNITS - 1, y->unit, base, "unit");
	s->unit = unit;
	compile_size(&s->offset, y->offset, base, "offset");
	compile_size(&s->bytes, y->size, base, "size");
	compile_flag(&readonly, y->readonly, base, "read-only");
	s->flags = readonly ? HV_SERVED_READONLY : 0;
	compile_rates(s, y->rate_bytes, y->rate_requests, base);
	compile_text(s->serial, sizeof(s->serial), y->serial, base, "serial");
}

/* The only service domain, CONFIG_NONE if there are several or none. */
static uint16_t only_service(const struct config *c, unsigned *services)
{
	uint16_t only = CONFIG_NONE;

	*services = 0;
	for (unsigned i = 0; i < c->domains; i++)
		if (c->domain[i].flags & CONFIG_FLAG_SERVICE)
			only = (*services)++ ? CONFIG_NONE : i;
	return only;
}

/* After all else that the guest is served: functions of its PCI bus go by the place in the list. */
static void compile_legacy(const struct config *c, struct config_domain *d, const char *from,
			   const char *base)
{
	struct config_served legacy = { .kind = HV_SERVED_PC, .fallback = CONFIG_NONE };
	unsigned services;

	legacy.backend = only_service(c, &services);
	if (from && strcmp(from, "none") == 0)
		return;
	if (!from && !services)
		return;
	if (from || services > 1)
		compile_backend(c, from, &legacy.backend, base, "legacy-from");
	d->serve[d->served++] = legacy;
}

/* A device that has nothing but a back end. */
static void compile_plain(const struct config *c, struct config_domain *d, uint16_t kind,
			  const char *from, const char *base, const char *key)
{
	struct config_served *s = &d->serve[d->served++];

	*s = (struct config_served){ .kind = kind, .fallback = CONFIG_NONE };
	compile_backend(c, from, &s->backend, base, key);
}

static void compile_vsock(const struct config *c, struct config_domain *d,
			  const struct yaml_domain *yd, unsigned i, const char *base)
{
	uint32_t cid = CONFIG_CID_FIRST + i;
	bool shell = false;

	compile_plain(c, d, HV_SERVED_VSOCK, yd->vsock_from, base, "vsock-from");
	compile_number(&cid, 0xffff, yd->vsock_cid, base, "vsock-cid");
	compile_flag(&shell, yd->vsock_shell, base, "vsock-shell");
	d->serve[d->served - 1].cid = cid;
	d->serve[d->served - 1].flags = shell ? HV_SERVED_SHELL : 0;
}

static bool few_enough(const struct yaml_domain *yd, bool pc, const char *base)
{
	unsigned n = yd->disks_count + yd->consoles_count + yd->nics_count + !!yd->rng_from +
		     !!yd->vsock_from + !!yd->watchdog_from + pc;

	if (n > CONFIG_SERVED)
		report_key(base, "%u devices are served to it; at most %u", n, CONFIG_SERVED);
	return n <= CONFIG_SERVED;
}

static void compile_lists(struct system_image *out, const struct yaml_config *y, unsigned i)
{
	struct config_domain *d = &out->blob.domain[i];
	const struct yaml_domain *yd = &y->domains[i];
	char base[COMPILE_KEY];

	for (unsigned j = 0; j < yd->disks_count; j++) {
		snprintf(base, sizeof(base), "domains[%u].disks[%u]", i, j);
		compile_disk(out, &d->serve[d->served++], &yd->disks[j], base);
	}
	for (unsigned j = 0; j < yd->consoles_count; j++) {
		snprintf(base, sizeof(base), "domains[%u].consoles[%u]", i, j);
		compile_plain(&out->blob, d, HV_SERVED_CONSOLE, yd->consoles[j].from, base, "from");
	}
	for (unsigned j = 0; j < yd->nics_count; j++)
		compile_nic(&out->blob, &d->serve[d->served++], y, i, j);
}

void compile_served(struct system_image *out, const struct yaml_config *y, unsigned i)
{
	struct config_domain *d = &out->blob.domain[i];
	const struct yaml_domain *yd = &y->domains[i];
	bool pc = d->flags & CONFIG_FLAG_PC;
	char base[COMPILE_KEY];

	snprintf(base, sizeof(base), "domains[%u]", i);
	if (!pc && yd->legacy_from)
		report_key(base, "legacy-from is for `platform: pc`");
	if (yd->vsock_cid && !yd->vsock_from)
		report_key(base, "vsock-cid without vsock-from");
	if (yd->vsock_shell && !yd->vsock_from)
		report_key(base, "vsock-shell without vsock-from");
	if (!few_enough(yd, pc, base))
		return;
	compile_lists(out, y, i);
	if (yd->rng_from)
		compile_plain(&out->blob, d, HV_SERVED_RNG, yd->rng_from, base, "rng-from");
	if (yd->vsock_from)
		compile_vsock(&out->blob, d, yd, i, base);
	if (yd->watchdog_from)
		compile_plain(&out->blob, d, HV_SERVED_WATCHDOG, yd->watchdog_from, base,
			      "watchdog-from");
	if (pc)
		compile_legacy(&out->blob, d, yd->legacy_from, base);
}
