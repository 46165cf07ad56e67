/*
 * The part of the configuration's validator that knows a service domain's devices and networks:
 * that only service domains have them and that none is asked for twice.
 */
#include "vmm/config_check.h"

#include "abi/boot.h"
#include "lib/addr.h"
#include "lib/bits.h"
#include "lib/string.h"

static bool same_device(const struct config_device *a, const struct config_device *b)
{
	if (a->match != b->match)
		return false;
	switch (a->match) {
	case CONFIG_BY_ID: return a->vendor == b->vendor && a->device == b->device;
	case CONFIG_BY_SLOT: return a->slot == b->slot;
	default: return false; /* several functions of one class may be asked for */
	}
}

static enum err check_device(struct check *k, const struct config_device *v)
{
	const struct config_domain *d = k->d;

	if (!config_name_is_good(v->name, CONFIG_NAME))
		return config_bad(k, "name", "is no name; 1 to 31 of a-z 0-9 - _ . would be right");
	for (const struct config_device *o = d->device; o < v; o++)
		if (strcmp(o->name, v->name) == 0)
			return config_bad(k, "name", "%s is taken; choose another name", v->name);
	if (v->match > CONFIG_BY_DISK)
		return config_bad(k, "class", "no way to find the device");
	if (v->class_code >> 24)
		return config_bad(k, "class", "%#x has more than 24 bits", v->class_code);
	if (v->optional > 1)
		return config_bad(k, "optional", "%u; yes or no", v->optional);
	for (unsigned i = 0; i < k->c->domains; i++) {
		const struct config_domain *other = &k->c->domain[i];
		unsigned count = MIN(other->devices, CONFIG_DEVICES);

		for (const struct config_device *o = other->device; o < other->device + count; o++)
			if (o != v && same_device(o, v))
				return config_bad(k, "name", "domain %s asks for the same device",
						  other->name);
	}
	return OK;
}

enum err config_check_devices(struct check *k)
{
	const struct config_domain *d = k->d;
	enum err e = OK;

	if (d->devices > CONFIG_DEVICES)
		return config_bad(k, "devices", "%u; at most %u", d->devices, CONFIG_DEVICES);
	if (d->devices && !config_is_service(d))
		return config_bad(k, "devices", "only a service domain can own devices");
	k->list = "devices";
	for (k->index = 0; k->index < d->devices && e == OK; k->index++) {
		e = check_device(k, &d->device[k->index]);
		if (e != OK)
			break;
	}
	k->list = NULL;
	return e;
}

static enum err check_bridge(struct check *k, const struct config_bridge *b)
{
	const struct config_domain *d = k->d;

	if (!config_name_is_good(b->name, sizeof(b->name)))
		return config_bad(k, "name", "is no name; 1 to 15 of a-z 0-9 - _ . would be right");
	for (const struct config_bridge *o = d->bridge; o < b; o++) {
		if (strcmp(o->name, b->name) == 0)
			return config_bad(k, "name", "%s is taken; choose another name", b->name);
		if (o->device != CONFIG_NONE && o->device == b->device)
			return config_bad(k, "device", "is on bridge %s already", o->name);
	}
	if (b->device != CONFIG_NONE && b->device >= d->devices)
		return config_bad(k, "device", "there is no device %u", b->device);
	return OK;
}

enum err config_check_bridges(struct check *k)
{
	const struct config_domain *d = k->d;
	enum err e = OK;

	if (d->bridges > CONFIG_BRIDGES)
		return config_bad(k, "bridges", "%u; at most %u", d->bridges, CONFIG_BRIDGES);
	if (d->bridges && !config_is_service(d))
		return config_bad(k, "bridges", "only a service domain can carry networks");
	k->list = "bridges";
	for (k->index = 0; k->index < d->bridges && e == OK; k->index++) {
		e = check_bridge(k, &d->bridge[k->index]);
		if (e != OK)
			break;
	}
	k->list = NULL;
	return e;
}
