/*
 * Inside the configuration's validator only: what its parts share. vmm/config.c checks the blob,
 * names, modules and each domain; vmm/config_devices.c the devices and what is served from them;
 * vmm/config_schedule.c who runs where and when.
 */
#ifndef VMM_CONFIG_CHECK_H
#define VMM_CONFIG_CHECK_H

#include <stdbool.h>

#include "vmm/config.h"

/* What every check needs; the key's prefix is made of `d` and, inside a list, `list[index]`. */
struct check {
	const struct config *c;
	const struct config_domain *d; /* NULL: the fault is not inside a domain */
	const char *list;              /* "devices", "disks", "consoles", or NULL */
	unsigned index;
	char *why;
	size_t why_size;
};

/* Writes the line "domain NAME: LIST[N].KEY: ..." to why; returns INVAL. */
__attribute__((format(printf, 3, 4))) enum err config_bad(struct check *k, const char *key,
							  const char *fmt, ...);

/* A name is 1 to size - 1 of a-z 0-9 - _ . and begins with a letter or a digit. */
bool config_name_is_good(const char *s, size_t size);
/* Printable ASCII, possibly empty, that ends within its field. */
bool config_text_is_good(const char *s, size_t size);

static inline bool config_is_service(const struct config_domain *d)
{
	return d->flags & CONFIG_FLAG_SERVICE;
}

/* The checks of a domain's device[] and serve[]; names, modules and numbers of domains are known
   to be good, other domains' devices and disks are not. */
must_check enum err config_check_devices(struct check *k);
must_check enum err config_check_bridges(struct check *k);
must_check enum err config_check_served(struct check *k);

/* One domain's vCPUs, priority, quantum, cap and CPUs; and, when every domain is known to be good,
   what they want of the CPUs together: dedicated ones, and the cyclic table (config_schedule.c). */
must_check enum err config_check_schedule(struct check *k);
must_check enum err config_check_cpus(struct check *k);

#endif
