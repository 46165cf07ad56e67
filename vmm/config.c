/*
 * The configuration's one validator, linked into the hypervisor and into `bh`. It runs before
 * anything is built, so that the rest of the hypervisor may trust every index, length, string and
 * enum in the blob. Each check names the key as the YAML file spells it; the first one that fails
 * ends the run. Pure: no machine, no allocation.
 */
#include "vmm/config.h"

#include <stdarg.h>

#include "lib/addr.h"
#include "lib/bits.h"
#include "lib/format.h"
#include "lib/string.h"
#include "vmm/config_check.h"

#define MEMORY_MAX (1ull << 40)
#define DMA_MAX    (1ull << 30) /* the pool lies below 4 GiB */

enum err config_bad(struct check *k, const char *key, const char *fmt, ...)
{
	size_t n = 0;
	va_list ap;

	if (k->d)
		n += format(k->why + n, k->why_size - n, "domain %s: ", k->d->name);
	if (k->list)
		n += format(k->why + n, k->why_size - n, "%s[%u].", k->list, k->index);
	n += format(k->why + n, k->why_size - n, "%s: ", key);
	va_start(ap, fmt);
	format_va(k->why + n, k->why_size - n, fmt, ap);
	va_end(ap);
	return ERR_INVAL;
}

bool config_name_is_good(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	if (n == 0 || n == size || s[0] == '-' || s[0] == '.' || s[0] == '_')
		return false;
	for (size_t i = 0; i < n; i++) {
		bool alnum = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9');

		if (!alnum && s[i] != '-' && s[i] != '_' && s[i] != '.')
			return false;
	}
	return true;
}

bool config_text_is_good(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return n < size;
}

static bool page_aligned(uint64_t v)
{
	return (v & PAGE_MASK) == 0;
}

static enum err check_names(struct check *k)
{
	const struct config *c = k->c;

	if (!config_name_is_good(c->name, CONFIG_NAME))
		return config_bad(k, "name", "is no name; 1 to 31 of a-z 0-9 - _ . would be right");
	for (unsigned i = 0; i < c->domains; i++) {
		const char *name = c->domain[i].name;

		if (!config_name_is_good(name, CONFIG_NAME))
			return config_bad(
				k, "domains",
				"number %u: name: 1 to 31 of a-z 0-9 - _ . would be right", i);
		if (strcmp(name, "hv") == 0)
			return config_bad(k, "domains",
					  "number %u: name: hv is the hypervisor's own", i);
		for (unsigned j = 0; j < i; j++)
			if (strcmp(name, c->domain[j].name) == 0)
				return config_bad(k, "domains",
						  "two are named %s; choose another name", name);
	}
	return OK;
}

static enum err check_modules(struct check *k)
{
	const struct config *c = k->c;

	for (unsigned i = 0; i < c->modules; i++) {
		if (!config_name_is_good(c->module[i].name, CONFIG_NAME))
			return config_bad(k, "modules", "number %u has no proper name", i);
		if (c->module[i].bytes == 0 || c->module[i].bytes > MEMORY_MAX)
			return config_bad(k, "modules", "%s has %#lx bytes", c->module[i].name,
					  (unsigned long)c->module[i].bytes);
		for (unsigned j = 0; j < i; j++)
			if (strcmp(c->module[i].name, c->module[j].name) == 0)
				return config_bad(k, "modules", "two are named %s",
						  c->module[i].name);
	}
	return OK;
}

static enum err check_kind(struct check *k)
{
	const struct config_domain *d = k->d;

	if (d->protocol >= CONFIG_PROTOCOLS)
		return config_bad(k, "type", "%u is unknown; 0 to %u", d->protocol,
				  CONFIG_PROTOCOLS - 1);
	if (d->flags & ~CONFIG_FLAGS)
		return config_bad(k, "flags", "unknown bits %#x", d->flags & ~CONFIG_FLAGS);
	if (config_is_service(d) && d->flags & CONFIG_FLAG_PC)
		return config_bad(k, "platform", "a service domain is no PC");
	if (config_is_service(d) && d->protocol != CONFIG_NATIVE)
		return config_bad(k, "type", "a service domain must be a native image");
	if (d->rights & ~CONFIG_RIGHTS)
		return config_bad(k, "rights", "unknown bits %#x", d->rights & ~CONFIG_RIGHTS);
	if (d->rights && d->protocol != CONFIG_NATIVE)
		return config_bad(k, "rights", "only native and service domains can use them");
	if (d->restart > CONFIG_RESTART_ALWAYS)
		return config_bad(k, "restart", "%u is unknown; 0 to %u", d->restart,
				  CONFIG_RESTART_ALWAYS);
	if (!config_text_is_good(d->cmdline, CONFIG_CMDLINE))
		return config_bad(k, "cmdline", "at most %u printable ASCII characters",
				  CONFIG_CMDLINE - 1);
	return OK;
}

static enum err check_memory(struct check *k)
{
	const struct config_domain *d = k->d;

	if (!page_aligned(d->memory) || d->memory < CONFIG_MEMORY_MIN || d->memory > MEMORY_MAX)
		return config_bad(k, "memory",
				  "%#lx is not right; a multiple of 4K from 256K to 1024G",
				  (unsigned long)d->memory);
	if (!config_is_service(d) && d->dma_pool)
		return config_bad(k, "dma-pool", "only a service domain has one");
	if (!config_is_service(d) && d->kept)
		return config_bad(k, "kept", "only a service domain has kept pages");
	if (!page_aligned(d->dma_pool) || d->dma_pool > DMA_MAX)
		return config_bad(k, "dma-pool", "%#lx is not right; a multiple of 4K up to 1G",
				  (unsigned long)d->dma_pool);
	if (d->stage && d->protocol != CONFIG_NATIVE)
		return config_bad(k, "stage", "only native and service domains can be upgraded");
	if (!page_aligned(d->stage) || d->stage > d->memory)
		return config_bad(k, "stage",
				  "%#lx is not right; a multiple of 4K up to the domain's memory",
				  (unsigned long)d->stage);
	if (!page_aligned(d->kept) || d->kept > DMA_MAX)
		return config_bad(k, "kept", "%#lx is not right; a multiple of 4K up to 1G",
				  (unsigned long)d->kept);
	return OK;
}

const struct config_keys config_keys[CONFIG_PROTOCOLS] = {
	[CONFIG_NATIVE] = { "image", NULL },        [CONFIG_LINUX] = { "kernel", "initrd" },
	[CONFIG_MULTIBOOT] = { "image", "module" }, [CONFIG_FLAT] = { "image", NULL },
	[CONFIG_LINUX32] = { "kernel", "initrd" },  [CONFIG_MULTIBOOT2] = { "image", "module" },
	[CONFIG_PVH] = { "image", "module" },       [CONFIG_FIRMWARE] = { "image", NULL },
};

/* A ROM has memory of its own at the end of 4 GiB, and a copy in what a PC has below 1 MiB. */
static enum err check_firmware(struct check *k, uint64_t bytes)
{
	if (bytes > CONFIG_FIRMWARE_MAX)
		return config_bad(k, "image", "firmware of %luK; at most %uK",
				  (unsigned long)(bytes >> 10), CONFIG_FIRMWARE_MAX >> 10);
	if (k->d->memory < CONFIG_FIRMWARE_MEMORY)
		return config_bad(k, "memory", "%luK; firmware needs 1M",
				  (unsigned long)(k->d->memory >> 10));
	return OK;
}

static enum err check_images(struct check *k)
{
	const struct config *c = k->c;
	const struct config_domain *d = k->d;
	const struct config_keys *keys = &config_keys[d->protocol];
	uint64_t bytes;

	if (d->image >= c->modules)
		return config_bad(k, keys->image, "module %u of %u", d->image, c->modules);
	bytes = c->module[d->image].bytes;
	if (d->initrd != CONFIG_NONE) {
		if (!keys->module)
			return config_bad(k, "module", "this type of guest takes none");
		if (d->initrd >= c->modules)
			return config_bad(k, keys->module, "module %u of %u", d->initrd,
					  c->modules);
		bytes += c->module[d->initrd].bytes;
	}
	if (d->protocol == CONFIG_FIRMWARE)
		return check_firmware(k, bytes);
	if (bytes > d->memory)
		return config_bad(k, "memory", "%luK cannot hold the images, %luK; more memory",
				  (unsigned long)(d->memory >> 10), (unsigned long)(bytes >> 10));
	return OK;
}

/* In this order: what is known to be good is used by those after it. */
static enum err (*const domain_checks[])(struct check *) = {
	check_kind,           check_memory,         config_check_schedule, check_images,
	config_check_devices, config_check_bridges, config_check_served,
};

static enum err check_domains(struct check *k)
{
	unsigned muxes = 0;

	for (unsigned i = 0; i < k->c->domains; i++) {
		k->d = &k->c->domain[i];
		for (unsigned j = 0; j < ARRAY_SIZE(domain_checks); j++) {
			enum err e = domain_checks[j](k);

			if (e != OK)
				return e;
		}
		if (k->d->rights & CONFIG_RIGHT_CONSOLE && ++muxes > 1)
			return config_bad(k, "rights",
					  "another domain has the right console already");
	}
	k->d = NULL;
	return OK;
}

static enum err check_header(struct check *k, size_t bytes)
{
	const struct config *c = k->c;

	if (bytes < sizeof(c->magic) || c->magic != CONFIG_MAGIC) {
		config_bad(k, "config", "is no Bulkhead config; make the image with bh");
		return ERR_FORMAT;
	}
	if (bytes != sizeof(*c) || c->version != CONFIG_VERSION || c->bytes != sizeof(*c)) {
		config_bad(k, "config", "made by another version of bh; make the image anew");
		return ERR_FORMAT;
	}
	if (c->crc != config_crc(c)) {
		config_bad(k, "config",
			   "checksum differs: the blob is damaged; make the image anew");
		return ERR_CHECKSUM;
	}
	if (c->domains < 1 || c->domains > CONFIG_DOMAINS)
		return config_bad(k, "domains", "%u; 1 to %u", c->domains, CONFIG_DOMAINS);
	if (c->modules < 1 || c->modules > CONFIG_MODULES)
		return config_bad(k, "modules", "%u; 1 to %u", c->modules, CONFIG_MODULES);
	return OK;
}

enum err config_check(const void *blob, size_t bytes, char *why, size_t why_size)
{
	struct check k = { .c = blob, .why = why, .why_size = why_size };
	enum err e = check_header(&k, bytes);

	if (e == OK)
		e = check_names(&k);
	if (e == OK)
		e = check_modules(&k);
	if (e == OK)
		e = check_domains(&k);
	if (e == OK)
		e = config_check_cpus(&k);
	return e;
}

uint32_t config_crc(const struct config *c)
{
	static const uint32_t zero;
	const size_t at = offsetof(struct config, crc), after = at + sizeof(zero);
	uint32_t crc = crc32c(0, c, at);

	crc = crc32c(crc, &zero, sizeof(zero));
	return crc32c(crc, (const char *)c + after, sizeof(*c) - after);
}
