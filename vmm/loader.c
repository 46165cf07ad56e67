/*
 * Picks the boot protocol, then adds what every guest finds in memory whatever its protocol. Called
 * at each start of a domain.
 */
#include "vmm/loader.h"

#include <stdarg.h>

#include "abi/platform.h"
#include "lib/format.h"
#include "vmm/loader_mode.h"
#include "vmm/vacpi.h"

static load_fn *const protocols[] = {
	[CONFIG_NATIVE] = load_native,
	[CONFIG_LINUX] = load_linux,
	[CONFIG_MULTIBOOT] = load_multiboot,
	[CONFIG_FLAT] = load_flat,
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
	enum err e;

	if (protocol >= ARRAY_SIZE(protocols))
		return loader_refuse(&l, ERR_UNSUPPORTED, "unknown protocol %u", protocol);
	if (!images->image.bytes)
		return loader_refuse(&l, ERR_FORMAT, "the image is empty");
	e = protocols[protocol](&l);
	/* A guest with too little RAM for the tables, or one whose RAM lies elsewhere, does
	   without. */
	if (e == OK && domain_owns(d, gpa(HV_GUEST_ACPI), HV_GUEST_ACPI_BYTES))
		e = vacpi_install(d);
	return e;
}
