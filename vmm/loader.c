/*
 * Puts into memory what every guest finds there whatever its boot protocol, then picks the
 * protocol. Called at each start of a domain.
 */
#include "vmm/loader.h"

#include <stdarg.h>

#include "lib/format.h"
#include "vmm/loader_map.h"
#include "vmm/loader_mode.h"
#include "vmm/vacpi.h"

static load_fn *const protocols[] = {
	[CONFIG_NATIVE] = load_native,
	[CONFIG_LINUX] = load_linux,
	[CONFIG_MULTIBOOT] = load_multiboot,
	[CONFIG_FLAT] = load_flat,
	[CONFIG_LINUX32] = load_linux,
	[CONFIG_MULTIBOOT2] = load_multiboot2,
	[CONFIG_PVH] = load_pvh,
	[CONFIG_FIRMWARE] = load_firmware,
};

enum err loader_refuse(const struct loader *l, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_va(l->why, l->why_size, fmt, ap);
	va_end(ap);
	return e;
}

enum err loader_load(struct domain *d, const struct loader_images *images,
		     struct loader_entry *entry, char *why, size_t why_size)
{
	struct loader l = { d, images, entry, why, why_size };
	uint32_t protocol = d->config->protocol;
	enum err e = OK;

	if (protocol >= ARRAY_SIZE(protocols))
		return loader_refuse(&l, ERR_UNSUPPORTED, "unknown protocol %u", protocol);
	if (!images->image.bytes)
		return loader_refuse(&l, ERR_FORMAT, "the image is empty");
	/* The tables first: some protocols copy their root. A guest with too little RAM for them,
	   or one whose RAM lies elsewhere, does without; firmware brings its own. */
	if (protocol != CONFIG_FIRMWARE && loader_rsdp(d))
		e = vacpi_install(d);
	return e == OK ? protocols[protocol](&l) : e;
}
