/*
 * The Linux boot protocol: kernel and initrd in RAM, the "zero page" that tells about them, rsi =
 * zero page. The 64-bit entry lies 512 bytes into the kernel and is reached in long mode; the
 * 32-bit one is its first byte, in protected mode without paging. Low memory:
 *
 *   0x1000 GDT   0x7000 zero page   0x8000 command line   0x10000 page tables
 */
#include "vmm/load_linux.h"

#include "arch/x86/cpu/regs.h"
#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/loader_map.h"
#include "vmm/loader_mode.h"

#define GDT_AT     0x1000ull
#define ZERO_AT    0x7000ull
#define CMDLINE_AT 0x8000ull
#define TABLES_AT  0x10000ull
#define TABLES_END 0x80000ull
#define LOW_END    0x100000ull
#define ENTRY_64   0x200

/* Offsets in the zero page. */
#define ZP_RSDP           0x070
#define ZP_RAMDISK_HIGH   0x0c0
#define ZP_RAMDISK_BYTES2 0x0c4
#define ZP_CMDLINE_HIGH   0x0c8
#define ZP_E820_COUNT     0x1e8
#define ZP_LOADER         0x210
#define ZP_CODE32         0x214
#define ZP_RAMDISK        0x218
#define ZP_RAMDISK_BYTES  0x21c
#define ZP_CMDLINE        0x228
#define ZP_E820           0x2d0

#define LOADER_UNKNOWN 0xff

struct placement {
	uint64_t kernel, initrd;
};

static bool put(struct domain *d, unsigned at, uint64_t value, unsigned bytes)
{
	return guest_write(d, gpa(ZERO_AT + at), &value, bytes);
}

/* Where the kernel goes: where it was linked for, else the lowest aligned place above 1 MiB. */
static enum err place_kernel(const struct loader *l, const struct linux_image *k,
			     struct placement *place)
{
	const struct extent *ram = loader_ram_at(l->d, LOW_END);
	uint64_t end = ram ? ram->gpa.v + ram->bytes : 0;

	place->kernel = k->load_at;
	if (k->relocatable &&
	    (k->load_at < LOW_END || !range_within(k->load_at, k->init_bytes, end)))
		place->kernel = align_up(LOW_END, k->align);
	if (place->kernel >= LOW_END && range_within(place->kernel, k->init_bytes, end) &&
	    k->kernel_bytes <= k->init_bytes)
		return OK;
	return loader_refuse(
		l, ERR_RANGE,
		"the kernel takes %lu MiB from %#lx on, the domain's first RAM ends at "
		"%lu MiB: give it more memory",
		k->init_bytes >> 20, place->kernel, end >> 20);
}

/* As high as the kernel allows, out of its way. */
static enum err place_initrd(const struct loader *l, const struct linux_image *k,
			     struct placement *place)
{
	const struct extent *ram = loader_ram_at(l->d, LOW_END);
	uint64_t bytes = l->images->initrd.bytes;
	uint64_t end = MIN(ram->gpa.v + ram->bytes, k->initrd_max + 1);

	place->initrd = 0;
	if (!bytes)
		return OK;
	place->initrd = bytes < end ? page_down(end - bytes) : 0;
	if (place->initrd >= place->kernel + k->init_bytes)
		return OK;
	return loader_refuse(l, ERR_RANGE,
			     "an initrd of %lu MiB does not fit between the kernel (up to %lu MiB) "
			     "and %lu MiB: give the domain more memory",
			     bytes >> 20, (place->kernel + k->init_bytes) >> 20, end >> 20);
}

static bool write_zero_page(const struct loader *l, const struct linux_image *k,
			    const struct placement *place)
{
	struct domain *d = l->d;
	struct loader_map_entry map[LOADER_MAP_MAX];
	unsigned count = loader_map(d, map);
	const uint8_t *file = l->images->image.at;
	uint64_t initrd_bytes = l->images->initrd.bytes;

	return guest_zero(d, gpa(ZERO_AT), PAGE_SIZE) &&
	       guest_write(d, gpa(ZERO_AT + LINUX_HEADER_AT), file + LINUX_HEADER_AT,
			   k->header_bytes) &&
	       put(d, ZP_LOADER, LOADER_UNKNOWN, 1) && put(d, ZP_RSDP, loader_rsdp(d), 8) &&
	       put(d, ZP_CODE32, place->kernel, 4) && put(d, ZP_RAMDISK, place->initrd, 4) &&
	       put(d, ZP_RAMDISK_HIGH, place->initrd >> 32, 4) &&
	       put(d, ZP_RAMDISK_BYTES, initrd_bytes, 4) &&
	       put(d, ZP_RAMDISK_BYTES2, initrd_bytes >> 32, 4) &&
	       put(d, ZP_CMDLINE, CMDLINE_AT, 4) && put(d, ZP_CMDLINE_HIGH, 0, 4) &&
	       put(d, ZP_E820_COUNT, count, 1) &&
	       guest_write(d, gpa(ZERO_AT + ZP_E820), map, count * sizeof(map[0]));
}

static enum err enter_wide(const struct loader *l, uint64_t kernel)
{
	struct loader_pages pages = { l->d, TABLES_AT, TABLES_END };
	uint64_t root;

	if (loader_map_1to1(&pages, &root) != OK || loader_long_mode(l, GDT_AT, root) != OK)
		return loader_refuse(l, ERR_RANGE,
				     "page tables for this much memory don't fit "
				     "into the first 512 KiB");
	l->entry->regs.rip = kernel + ENTRY_64;
	return OK;
}

static enum err enter(const struct loader *l, uint64_t kernel)
{
	enum err e;

	if (l->d->config->protocol == CONFIG_LINUX) {
		e = enter_wide(l, kernel);
	} else {
		e = loader_protected_mode(l, GDT_AT);
		l->entry->regs.rip = kernel;
	}
	l->entry->regs.gpr[GPR_RSI] = ZERO_AT;
	l->entry->regs.gpr[GPR_RSP] = ZERO_AT;
	return e;
}

enum err load_linux(const struct loader *l)
{
	struct domain *d = l->d;
	const struct span *image = &l->images->image, *initrd = &l->images->initrd;
	size_t cmdline_bytes = strnlen(d->config->cmdline, CONFIG_CMDLINE - 1);
	struct placement place;
	struct linux_image k;
	const char *wrong = linux_parse(image, &k);
	enum err e;

	if (!wrong && !k.wide && d->config->protocol == CONFIG_LINUX)
		wrong = "a Linux kernel without a 64-bit entry point: `entry: 32` starts it";
	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	if (k.cmdline_max && cmdline_bytes > k.cmdline_max)
		return loader_refuse(l, ERR_RANGE, "the command line is longer than %u bytes",
				     k.cmdline_max);
	e = place_kernel(l, &k, &place);
	if (e == OK)
		e = place_initrd(l, &k, &place);
	if (e != OK)
		return e;
	if (!guest_write(d, gpa(place.kernel), image->at + k.kernel_at, k.kernel_bytes) ||
	    (initrd->bytes && !guest_write(d, gpa(place.initrd), initrd->at, initrd->bytes)) ||
	    !guest_write(d, gpa(CMDLINE_AT), d->config->cmdline, cmdline_bytes) ||
	    !guest_zero(d, gpa(CMDLINE_AT + cmdline_bytes), 1) || !write_zero_page(l, &k, &place))
		return loader_refuse(l, ERR_RANGE, "the domain's RAM has a hole in it");
	return enter(l, place.kernel);
}
