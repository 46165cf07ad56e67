/*
 * Physical network cards: drivers by what the function is. Only cards that a bridge names are
 * opened; quiet is made every one that is ours.
 */
#include "guests/lib/boot.h"
#include "guests/lib/print.h"
#include "guests/service/drivers/e1000.h"
#include "guests/service/drivers/vnet.h"
#include "guests/service/net.h"
#include "lib/bits.h"

struct driver {
	bool (*matches)(const struct hv_device *d);
	void (*quiet)(const struct hv_device *d);
	struct net_port *(*open)(const struct hv_device *d);
};

static const struct driver drivers[] = {
	{ e1000_is, e1000_quiet, e1000_open },
	{ vnet_is, vnet_quiet, vnet_open },
};

static const struct driver *driver_of(const struct hv_device *d)
{
	for (unsigned i = 0; i < ARRAY_SIZE(drivers); i++)
		if (drivers[i].matches(d))
			return &drivers[i];
	return NULL;
}

void nics_quiet(void)
{
	for (unsigned i = 0; i < MIN(boot->devices, HV_BOOT_DEVICES); i++) {
		const struct driver *driver = driver_of(&boot->device[i]);

		if (driver)
			driver->quiet(&boot->device[i]);
	}
}

static struct net_port *open_device(const struct hv_device *d)
{
	const struct driver *driver = driver_of(d);

	if (driver)
		return driver->open(d);
	print("device %04x:%04x class %06x: no driver for it\n", d->vendor, d->device,
	      d->class_code);
	return NULL;
}

static void bridge_open(unsigned i)
{
	const struct hv_bridge *b = &boot->bridge[i];
	struct net_switch *to = net_switch_of(i);
	struct net_port *port = NULL;

	/* A machine without an optional card: the bridge is for guests only. */
	if (b->device < MIN(boot->devices, HV_BOOT_DEVICES))
		port = open_device(&boot->device[b->device]);
	if (port && (!to || !net_attach(to, port)))
		print("%s: no room for it on bridge %s\n", port->name, b->name);
}

void nics_open(void)
{
	for (unsigned i = 0; i < MIN(boot->bridges, HV_BOOT_BRIDGES); i++)
		bridge_open(i);
}
