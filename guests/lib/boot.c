/*
 * Finders over the boot page. Counts in it come from the hypervisor and are trusted; addresses that
 * a guest gives are not, so gpa_to_mine checks against the regions with no arithmetic that wraps.
 */
#include "guests/lib/boot.h"

#include "lib/addr.h"
#include "lib/string.h"

const struct hv_region *boot_region(enum hv_region_kind kind, uint32_t object)
{
	for (unsigned i = 0; i < boot->regions; i++) {
		const struct hv_region *r = &boot->region[i];

		if (r->kind == kind && r->object == object)
			return r;
	}
	return NULL;
}

const struct hv_cap *boot_cap(enum hv_cap_type type, uint32_t object)
{
	for (unsigned i = 0; i < boot->caps; i++) {
		const struct hv_cap *c = &boot->cap[i];

		if (c->type == type && c->object == object)
			return c;
	}
	return NULL;
}

const struct hv_cap *boot_cap_of(enum hv_cap_type type)
{
	for (unsigned i = 0; i < boot->caps; i++) {
		if (boot->cap[i].type == type)
			return &boot->cap[i];
	}
	return NULL;
}

const volatile struct hv_peer *boot_peer(uint32_t domain)
{
	for (unsigned i = 0; i < boot->peers; i++) {
		if (boot->peer[i].domain == domain)
			return &boot->peer[i];
	}
	return NULL;
}

int boot_option(const char *name, const char **value)
{
	const char *at = boot->cmdline;
	size_t length = strlen(name);

	while (*at) {
		while (*at == ' ')
			at++;
		if (!strncmp(at, name, length) &&
		    (at[length] == '=' || at[length] == ' ' || !at[length])) {
			if (value)
				*value = at + length + (at[length] == '=');
			return 1;
		}
		while (*at && *at != ' ')
			at++;
	}
	return 0;
}

uint64_t boot_number(const char *name, uint64_t otherwise)
{
	const char *at;
	uint64_t n = 0;

	if (!boot_option(name, &at) || *at < '0' || *at > '9')
		return otherwise;
	for (; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	return n;
}

void *gpa_to_mine(uint32_t domain, uint64_t gpa, uint64_t bytes, uint32_t rights)
{
	for (unsigned i = 0; bytes && i < boot->regions; i++) {
		const struct hv_region *r = &boot->region[i];

		if (r->kind != HV_REGION_WINDOW || r->object != domain || gpa < r->peer)
			continue;
		if (range_within(gpa - r->peer, bytes, r->bytes) && (r->rights & rights) == rights)
			return (void *)(uintptr_t)(r->base + (gpa - r->peer));
	}
	return NULL;
}
