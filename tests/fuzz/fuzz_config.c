/*
 * The validator of configuration blobs. The checksum is set right before each run, or nothing
 * behind it would ever be reached; what passes is walked as the hypervisor walks it.
 */
// sources: vmm/config.c vmm/config_devices.c vmm/config_schedule.c vmm/config_served.c
// sources: lib/string.c lib/format.c
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "abi/boot.h"
#include "vmm/config.h"

size_t fuzz_seed(uint8_t *data, size_t bytes)
{
	struct config *c = (struct config *)data;
	struct config_domain *service = &c->domain[0], *guest = &c->domain[1];

	if (bytes < sizeof(*c))
		return 0;
	memset(c, 0, sizeof(*c));
	*c = (struct config){ .magic = CONFIG_MAGIC,
			      .version = CONFIG_VERSION,
			      .bytes = sizeof(*c),
			      .name = "fuzz",
			      .domains = 2,
			      .modules = 2,
			      .module = { { "a", 4096, 0, 0 }, { "b", 8192, 0, 0 } } };
	*service = (struct config_domain){ .name = "service",
					   .flags = CONFIG_FLAG_SERVICE,
					   .memory = 1 << 20,
					   .vcpus = 1,
					   .quantum_us = 1000,
					   .cpu = { CONFIG_NONE },
					   .initrd = CONFIG_NONE,
					   .devices = 1,
					   .device = { { .name = "disk" } } };
	*guest = *service;
	guest->name[0] = 'g';
	guest->flags = guest->devices = 0;
	guest->served = 1;
	guest->serve[0] = (struct config_served){ .source_kind = HV_SOURCE_DEVICE, .fallback = 1 };
	return sizeof(*c);
}

static void walk(const struct config *c)
{
	for (unsigned i = 0; i < c->domains; i++) {
		const struct config_domain *d = &c->domain[i];

		if (d->image >= c->modules || d->devices > CONFIG_DEVICES)
			abort();
		if (strnlen(d->name, CONFIG_NAME) == CONFIG_NAME)
			abort();
		for (unsigned j = 0; j < d->served; j++)
			if (d->serve[j].backend >= c->domains)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char why[128] = "";
	struct config *c = malloc(bytes ? bytes : 1);

	if (bytes)
		memcpy(c, data, bytes);
	if (bytes == sizeof(*c)) {
		c->crc = 0;
		c->crc = config_crc(c);
	}
	if (config_check(c, bytes, why, sizeof(why)) == OK)
		walk(c);
	else if (!why[0] || strnlen(why, sizeof(why)) == sizeof(why))
		abort();
	free(c);
	return 0;
}
