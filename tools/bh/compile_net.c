/*
 * Networks: the bridges of a service domain and the cards that guests have on them. A card whose
 * address is not given gets one that follows from the names of system and domain, so that it is the
 * same each time.
 */
#include "tools/bh/compile_parts.h"

#include <stdio.h>
#include <string.h>

#include "abi/boot.h"
#include "lib/string.h"
#include "tools/bh/report.h"

void compile_bridges(struct config_domain *d, const struct yaml_domain *y, const char *base)
{
	char here[COMPILE_KEY], key[COMPILE_KEY];

	if (y->bridges_count > CONFIG_BRIDGES) {
		report_key(base, "bridges: %u of them; at most %u", y->bridges_count,
			   CONFIG_BRIDGES);
		return;
	}
	d->bridges = y->bridges_count;
	for (unsigned i = 0; i < y->bridges_count; i++) {
		struct config_bridge *b = &d->bridge[i];
		const char *device = y->bridges[i].device;

		snprintf(here, sizeof(here), "%s.bridges[%u]", base, i);
		if (!y->bridges[i].name)
			report_key(here, "name is missing; a word that nics can refer to");
		compile_text(b->name, sizeof(b->name), y->bridges[i].name, here, "name");
		b->device = CONFIG_NONE;
		for (unsigned j = 0; device && j < d->devices; j++)
			if (strcmp(d->device[j].name, device) == 0)
				b->device = j;
		if (device && b->device == CONFIG_NONE)
			report_key(compile_key(key, here, "device"),
				   "this domain has no device named %s", device);
	}
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
	unsigned v[6];
	int n = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		   &n) != 6 ||
	    text[n])
		return false;
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)v[i];
	return true;
}

/* A locally administered one (IEEE 802, bit 1 of the first byte). */
static void derive_mac(uint8_t mac[6], const struct config *c, unsigned domain, unsigned nic)
{
	uint32_t crc = crc32c(nic, c->name, strlen(c->name));
	const char *name = c->domain[domain].name;

	crc = crc32c(crc, name, strlen(name));
	mac[0] = 0x02;
	mac[1] = 'B';
	for (unsigned i = 0; i < 4; i++)
		mac[2 + i] = (uint8_t)(crc >> 8 * i);
}

void compile_rates(struct config_served *s, const char *bytes, const char *requests,
		   const char *base)
{
	compile_size(&s->rate_bytes, bytes, base, "rate-bytes");
	compile_number(&s->rate_requests, 100000000, requests, base, "rate-requests");
}

static void compile_bridge(const struct config *c, struct config_served *s, const char *name,
			   const char *base)
{
	const struct config_domain *backend = &c->domain[s->backend];

	for (unsigned i = 0; name && i < backend->bridges; i++) {
		if (strcmp(backend->bridge[i].name, name) == 0) {
			s->source = i;
			return;
		}
	}
	if (name)
		report_key(base, "bridge: domain %s has none named %s", backend->name, name);
	else
		report_key(base, "bridge is missing; a network of domain %s", backend->name);
}

void compile_nic(struct config *c, struct config_served *s, const struct yaml_config *y, unsigned i,
		 unsigned j)
{
	const struct yaml_nic *nic = &y->domains[i].nics[j];
	char base[COMPILE_KEY], key[COMPILE_KEY];

	snprintf(base, sizeof(base), "domains[%u].nics[%u]", i, j);
	*s = (struct config_served){ .kind = HV_SERVED_NET,
				     .source_kind = HV_SOURCE_BRIDGE,
				     .fallback = CONFIG_NONE };
	if (!compile_backend(c, nic->from, &s->backend, base, "from"))
		return;
	compile_bridge(c, s, nic->bridge, base);
	compile_rates(s, nic->rate_bytes, nic->rate_requests, base);
	derive_mac(s->mac, c, i, j);
	if (nic->mac && !parse_mac(nic->mac, s->mac))
		report_key(compile_key(key, base, "mac"),
			   "\"%s\"; six bytes such as \"02:00:00:00:00:01\"", nic->mac);
}
