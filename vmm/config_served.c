/*
 * The part of the configuration's validator that knows what a guest is served: that every disk has
 * a source which is large enough, that no two writers share a sector, that cards and sockets have
 * addresses of their own.
 */
#include "vmm/config_check.h"

#include "abi/boot.h"
#include "lib/addr.h"
#include "lib/bits.h"
#include "lib/string.h"

#define SECTOR_MASK 511ull

static bool module_is_image(const struct config *c, unsigned module)
{
	for (unsigned i = 0; i < c->domains; i++)
		if (c->domain[i].image == module || c->domain[i].initrd == module)
			return true;
	return false;
}

static enum err check_ram_disk(struct check *k, const struct config_served *s, const char *key,
			       uint32_t module)
{
	const struct config *c = k->c;

	if (module >= c->modules)
		return config_bad(k, key, "module %u of %u", module, c->modules);
	if (module_is_image(c, module))
		return config_bad(k, key, "%s is also started as a guest; use a copy",
				  c->module[module].name);
	if (c->module[module].bytes & SECTOR_MASK)
		return config_bad(k, key, "%s is not a multiple of 512 bytes",
				  c->module[module].name);
	if (s->source_kind == HV_SOURCE_MODULE &&
	    !range_within(s->offset, s->bytes, c->module[module].bytes))
		return config_bad(k, "size", "the range ends beyond %s, which has %luK",
				  c->module[module].name,
				  (unsigned long)(c->module[module].bytes >> 10));
	return OK;
}

static enum err check_source(struct check *k, const struct config_served *s)
{
	const struct config_domain *backend = &k->c->domain[s->backend];

	if ((s->offset | s->bytes) & SECTOR_MASK)
		return config_bad(k, "offset", "offset and size must be multiples of 512");
	if (s->offset + s->bytes < s->offset)
		return config_bad(k, "offset", "offset and size wrap around");
	if (s->unit >= (s->source_kind == HV_SOURCE_DEVICE ? CONFIG_UNITS : 1))
		return config_bad(k, "unit", "%u; 0 to %u, and 0 for a RAM disk", s->unit,
				  CONFIG_UNITS - 1);
	if (s->fallback != CONFIG_NONE && s->source_kind != HV_SOURCE_DEVICE)
		return config_bad(k, "fallback", "only a disk on a device can have one");
	if (s->source_kind == HV_SOURCE_MODULE)
		return check_ram_disk(k, s, "module", s->source);
	if (s->source_kind != HV_SOURCE_DEVICE)
		return config_bad(k, "device", "no source; device or module would be right");
	if (s->source >= backend->devices || s->source >= CONFIG_DEVICES)
		return config_bad(k, "device", "domain %s has no device %u", backend->name,
				  s->source);
	return s->fallback == CONFIG_NONE ? OK : check_ram_disk(k, s, "fallback", s->fallback);
}

/* True if two disks can write the same sectors of one source. */
static bool served_clash(const struct config_served *a, const struct config_served *b)
{
	uint64_t a_end = a->bytes ? a->offset + a->bytes : ~0ull;
	uint64_t b_end = b->bytes ? b->offset + b->bytes : ~0ull;

	if (a->kind != HV_SERVED_BLOCK || b->kind != HV_SERVED_BLOCK)
		return false;
	if (a->source_kind != b->source_kind || a->source != b->source || a->unit != b->unit)
		return false;
	if (a->source_kind == HV_SOURCE_DEVICE && a->backend != b->backend)
		return false;
	if (a->flags & b->flags & HV_SERVED_READONLY)
		return false;
	return a->offset < b_end && b->offset < a_end;
}

static enum err check_clashes(struct check *k, const struct config_served *s)
{
	for (unsigned i = 0; i < k->c->domains; i++) {
		const struct config_domain *o = &k->c->domain[i];

		for (unsigned j = 0; j < o->served && j < CONFIG_SERVED; j++)
			if (&o->serve[j] != s && served_clash(&o->serve[j], s))
				return config_bad(
					k, "offset",
					"shares sectors with a disk of domain %s; separate "
					"ranges, or read-only for both",
					o->name);
	}
	return OK;
}

/* True if two guests on one bridge could not be told apart. */
static bool mac_clash(const struct config_served *a, const struct config_served *b)
{
	return a->kind == HV_SERVED_NET && a->backend == b->backend && a->source == b->source &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac));
}

static enum err check_card(struct check *k, const struct config_served *s)
{
	static const uint8_t none[6];

	if (s->source_kind != HV_SOURCE_BRIDGE ||
	    s->source >= MIN(k->c->domain[s->backend].bridges, CONFIG_BRIDGES))
		return config_bad(k, "bridge", "domain %s has no such bridge",
				  k->c->domain[s->backend].name);
	if (s->mac[0] & 1 || !memcmp(s->mac, none, sizeof(none)))
		return config_bad(k, "mac", "is no card's address; its first byte is even");
	for (unsigned i = 0; i < k->c->domains; i++) {
		const struct config_domain *o = &k->c->domain[i];

		for (unsigned j = 0; j < o->served && j < CONFIG_SERVED; j++)
			if (&o->serve[j] != s && mac_clash(&o->serve[j], s))
				return config_bad(k, "mac", "domain %s has the same on this bridge",
						  o->name);
	}
	return OK;
}

static enum err check_vsock(struct check *k, const struct config_served *s)
{
	if (s->cid < CONFIG_CID_FIRST)
		return config_bad(k, "vsock-cid", "%u; from %u on", s->cid, CONFIG_CID_FIRST);
	for (unsigned i = 0; i < k->c->domains; i++) {
		const struct config_domain *o = &k->c->domain[i];

		for (unsigned j = 0; j < o->served && j < CONFIG_SERVED; j++)
			if (&o->serve[j] != s && o->serve[j].kind == HV_SERVED_VSOCK &&
			    o->serve[j].backend == s->backend && o->serve[j].cid == s->cid)
				return config_bad(k, "vsock-cid", "domain %s has the same",
						  o->name);
	}
	return OK;
}

/* What is particular to each kind of device. */
static enum err check_kind(struct check *k, const struct config_served *s)
{
	enum err e;

	switch (s->kind) {
	case HV_SERVED_BLOCK: e = check_source(k, s); return e != OK ? e : check_clashes(k, s);
	case HV_SERVED_NET: return check_card(k, s);
	default:
		if (s->source_kind != HV_SOURCE_NONE)
			return config_bad(k, "from", "only a disk or a card has a source");
		return s->kind == HV_SERVED_VSOCK ? check_vsock(k, s) : OK;
	}
}

static enum err check_served(struct check *k, const struct config_served *s)
{
	static const char *const froms[] = {
		[HV_SERVED_BLOCK] = "from",
		[HV_SERVED_CONSOLE] = "from",
		[HV_SERVED_PC] = "legacy-from",
		[HV_SERVED_NET] = "from",
		[HV_SERVED_RNG] = "rng-from",
		[HV_SERVED_VSOCK] = "vsock-from",
		[HV_SERVED_WATCHDOG] = "watchdog-from",
	};
	const struct config *c = k->c;
	uint32_t known = s->kind == HV_SERVED_VSOCK ? HV_SERVED_SHELL : HV_SERVED_READONLY;

	if (s->kind >= HV_SERVED_KINDS)
		return config_bad(k, "kind", "%u is unknown", s->kind);
	if (s->backend >= c->domains || !config_is_service(&c->domain[s->backend]))
		return config_bad(k, froms[s->kind], "does not name a service domain");
	if (s->flags & ~known)
		return config_bad(k, "flags", "unknown bits %#x", s->flags & ~known);
	if (!config_text_is_good(s->serial, sizeof(s->serial)))
		return config_bad(k, "serial", "at most 23 printable ASCII characters");
	return check_kind(k, s);
}

enum err config_check_served(struct check *k)
{
	static const char *const lists[] = {
		[HV_SERVED_BLOCK] = "disks",
		[HV_SERVED_CONSOLE] = "consoles",
		[HV_SERVED_NET] = "nics",
		[HV_SERVED_KINDS] = NULL,
	};
	const struct config_domain *d = k->d;
	unsigned count[ARRAY_SIZE(lists)] = { 0 };

	if (d->served > CONFIG_SERVED)
		return config_bad(k, "disks", "%u devices are served; at most %u", d->served,
				  CONFIG_SERVED);
	if (d->served && config_is_service(d))
		return config_bad(k, "disks", "a service domain is not served by another");
	for (unsigned i = 0; i < d->served; i++) {
		unsigned kind = MIN(d->serve[i].kind, HV_SERVED_KINDS);
		enum err e;

		k->list = lists[kind];
		k->index = count[kind]++;
		e = check_served(k, &d->serve[i]);
		k->list = NULL;
		if (e != OK)
			return e;
	}
	if (count[HV_SERVED_RNG] > 1)
		return config_bad(k, "rng-from", "%u times; once", count[HV_SERVED_RNG]);
	if (count[HV_SERVED_VSOCK] > 1)
		return config_bad(k, "vsock-from", "%u times; once", count[HV_SERVED_VSOCK]);
	if (count[HV_SERVED_WATCHDOG] > 1)
		return config_bad(k, "watchdog-from", "%u times; once", count[HV_SERVED_WATCHDOG]);
	if (count[HV_SERVED_PC] > !!(d->flags & CONFIG_FLAG_PC))
		return config_bad(k, "legacy-from", "%u times; once, and for `platform: pc` only",
				  count[HV_SERVED_PC]);
	return OK;
}
