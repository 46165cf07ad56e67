/*
 * Drivers by what the function is: class 01.08.02 is NVMe, 1af4:1042 a virtio disk.
 */
#include "guests/service/serve_disk.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/service/drivers/ide.h"
#include "guests/service/drivers/nvme.h"
#include "guests/service/drivers/vblk.h"
#include "guests/service/selfkill.h"
#include "guests/service/virtio.h"
#include "lib/bits.h"

#define SERVE_DISKS 32
#define CLASS_NVME  0x010802u
#define CLASS_IDE   0x0101u /* and an interface byte that says its modes */

struct source {
	uint16_t kind; /* enum hv_source_kind; HV_SOURCE_NONE: free */
	uint32_t number;
	bool works;
	struct disk disk;
};

struct driver {
	bool (*matches)(const struct hv_device *d);
	void (*quiet)(const struct hv_device *d);
	bool (*open)(const struct hv_device *d, struct disk *disk);
};

static struct source sources[SERVE_DISKS];

static bool is_nvme(const struct hv_device *d)
{
	return d->class_code == CLASS_NVME;
}

static bool is_virtio_blk(const struct hv_device *d)
{
	return d->vendor == VIRTIO_VENDOR &&
	       (d->device == VIRTIO_DEVICE_BASE + VIRTIO_ID_BLOCK || d->device == 0x1001);
}

static bool is_ide(const struct hv_device *d)
{
	return d->class_code >> 8 == CLASS_IDE;
}

static bool ide_open0(const struct hv_device *d, struct disk *disk)
{
	return ide_open(d, 0, disk);
}

static const struct driver drivers[] = {
	{ is_nvme, nvme_quiet, nvme_open },
	{ is_virtio_blk, vblk_quiet, vblk_open },
	{ is_ide, ide_quiet, ide_open0 },
};

static const struct driver *driver_of(const struct hv_device *d)
{
	for (unsigned i = 0; i < ARRAY_SIZE(drivers); i++)
		if (drivers[i].matches(d))
			return &drivers[i];
	return NULL;
}

void serve_disks_quiet(void)
{
	for (unsigned i = 0; i < MIN(boot->devices, HV_BOOT_DEVICES); i++) {
		const struct driver *driver = driver_of(&boot->device[i]);

		if (driver)
			driver->quiet(&boot->device[i]);
	}
}

static bool open_module(struct source *s)
{
	const struct hv_region *r = boot_region(HV_REGION_MODULE, s->number);

	if (!r)
		return false;
	disk_ram_init(&s->disk, (unsigned)(s - sources), (void *)(uintptr_t)r->base, r->bytes);
	return true;
}

static bool open_device(struct source *s)
{
	const struct hv_device *d = &boot->device[s->number];
	const struct driver *driver;

	if (s->number >= MIN(boot->devices, HV_BOOT_DEVICES))
		return false;
	driver = driver_of(d);
	if (!driver)
		print("device %04x:%04x class %06x: no driver for it\n", d->vendor, d->device,
		      d->class_code);
	return driver && driver->open(d, &s->disk);
}

static struct source *source_of(const struct hv_served *s)
{
	for (unsigned i = 0; i < SERVE_DISKS; i++) {
		struct source *at = &sources[i];

		if (at->kind == HV_SOURCE_NONE ||
		    (at->kind == s->source_kind && at->number == s->source))
			return at;
	}
	return NULL;
}

void serve_disks_open(void)
{
	for (unsigned i = 0; i < MIN(boot->served, HV_BOOT_SERVED); i++) {
		const struct hv_served *s = &boot->serve[i];
		struct source *at = source_of(s);

		if (!at || s->kind != HV_SERVED_BLOCK || s->source_kind == HV_SOURCE_NONE ||
		    at->kind != HV_SOURCE_NONE)
			continue;
		at->kind = s->source_kind;
		at->number = s->source;
		at->works = at->kind == HV_SOURCE_MODULE ? open_module(at) : open_device(at);
		if (!at->works)
			continue;
		selfkill_disk(&at->disk);
		print("%s: %lu MiB, blocks of %u bytes\n", at->disk.name, at->disk.sectors >> 11,
		      at->disk.block);
	}
}

struct disk *serve_disk(const struct hv_served *s)
{
	struct source *at = s->source_kind == HV_SOURCE_NONE ? NULL : source_of(s);

	return at && at->works ? &at->disk : NULL;
}
