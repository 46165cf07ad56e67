/*
 * Drivers by what the function is: class 01.08.02 is NVMe, 01.06.01 AHCI, 1af4:1042 a virtio disk.
 */
#include "guests/service/serve_disk.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/print.h"
#include "guests/service/drivers/ahci.h"
#include "guests/service/drivers/ide.h"
#include "guests/service/drivers/nvme.h"
#include "guests/service/drivers/vblk.h"
#include "guests/service/kept.h"
#include "guests/service/selfkill.h"
#include "guests/service/virtio.h"
#include "lib/bits.h"

#define SERVE_DISKS 32
#define CLASS_NVME  0x010802u
#define CLASS_AHCI  0x010601u
#define CLASS_IDE   0x0101u /* and an interface byte that says its modes */

struct source {
	uint16_t kind; /* enum hv_source_kind; HV_SOURCE_NONE: free */
	uint16_t number, unit;
	bool works;
	struct disk disk;
};

struct driver {
	bool (*matches)(const struct hv_device *d);
	void (*quiet)(const struct hv_device *d);
	bool (*open)(const struct hv_device *d, unsigned unit, struct disk *disk);
	/* False: it certainly has no such disk. NULL: it has unit 0 only. */
	bool (*has)(const struct hv_device *d, unsigned unit);
};

static struct source sources[SERVE_DISKS];
static struct hv_served entries[HV_BOOT_SERVED];

static bool is_nvme(const struct hv_device *d)
{
	return d->class_code == CLASS_NVME;
}

static bool is_virtio_blk(const struct hv_device *d)
{
	return d->vendor == VIRTIO_VENDOR &&
	       (d->device == VIRTIO_DEVICE_BASE + VIRTIO_ID_BLOCK || d->device == 0x1001);
}

static bool is_ahci(const struct hv_device *d)
{
	return d->class_code == CLASS_AHCI;
}

static bool is_ide(const struct hv_device *d)
{
	return d->class_code >> 8 == CLASS_IDE;
}

static const struct driver drivers[] = {
	{ is_nvme, nvme_quiet, nvme_open, NULL },
	{ is_virtio_blk, vblk_quiet, vblk_open, NULL },
	{ is_ahci, ahci_quiet, ahci_open, ahci_has },
	{ is_ide, ide_quiet, ide_open, ide_has },
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
	return driver && driver->open(d, s->unit, &s->disk);
}

static struct source *source_of(const struct hv_served *s)
{
	for (unsigned i = 0; i < SERVE_DISKS; i++) {
		struct source *at = &sources[i];

		if (at->kind == HV_SOURCE_NONE ||
		    (at->kind == s->source_kind && at->number == s->source && at->unit == s->unit))
			return at;
	}
	return NULL;
}

/* Whether the entry's device lacks its disk for certain. */
static bool source_is_missing(const struct hv_served *s)
{
	const struct hv_device *d = &boot->device[s->source];
	const struct driver *driver;

	if (s->kind != HV_SERVED_BLOCK || s->source_kind != HV_SOURCE_DEVICE ||
	    s->fallback == HV_NO_MODULE || s->source >= MIN(boot->devices, HV_BOOT_DEVICES))
		return false;
	driver = driver_of(d);
	return driver && !(driver->has ? driver->has(d, s->unit) : s->unit == 0);
}

static void entry_fall_back(struct hv_served *s)
{
	print("device %u has no disk %u: domain %u is served its fallback\n", s->source, s->unit,
	      s->guest);
	s->source_kind = HV_SOURCE_MODULE;
	s->source = s->fallback;
	s->unit = 0;
	s->offset = s->bytes = 0;
}

static void entries_init(void)
{
	uint64_t fallbacks;
	bool decided = kept_fallbacks(&fallbacks);

	for (unsigned i = 0; i < MIN(boot->served, HV_BOOT_SERVED); i++) {
		entries[i] = boot->serve[i];
		if (!decided && source_is_missing(&entries[i]))
			fallbacks |= BIT(i);
		if (fallbacks & BIT(i))
			entry_fall_back(&entries[i]);
	}
	if (!decided)
		kept_decide_fallbacks(fallbacks);
}

const struct hv_served *serve_entry(unsigned i)
{
	return &entries[i];
}

void serve_disks_open(void)
{
	entries_init();
	for (unsigned i = 0; i < MIN(boot->served, HV_BOOT_SERVED); i++) {
		const struct hv_served *s = &entries[i];
		struct source *at = source_of(s);

		if (!at || s->kind != HV_SERVED_BLOCK || s->source_kind == HV_SOURCE_NONE ||
		    at->kind != HV_SOURCE_NONE)
			continue;
		at->kind = s->source_kind;
		at->number = s->source;
		at->unit = s->unit;
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
