/*
 * Multiboot 1: ELF32, ELF64 or an image that says its own addresses, entered in 32-bit protected
 * mode with ebx on the information structure (Multiboot Specification 0.6.96, 3.2 and 3.3).
 *
 *   0x9000 information   0x9100 module list   0x9200 memory map   0xa000 command line, our name
 */
#include "vmm/load_multiboot.h"

#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/load_elf.h"
#include "vmm/loader_map.h"
#include "vmm/loader_place.h"

#define MODULE_AT  0x9100u
#define MAP_AT     0x9200u
#define CMDLINE_AT 0xa000u
#define NAME_AT    (MODULE_AT + 0x20) /* an empty string for the module */

#define BOOT_MAGIC  0x2badb002u
#define INFO_MEMORY BIT(0)
#define INFO_CMD    BIT(2)
#define INFO_MODS   BIT(3)
#define INFO_MAP    BIT(6)
#define INFO_NAME   BIT(9)

struct info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table;
	uint32_t boot_loader_name;
};

struct module {
	uint32_t start, end, string, reserved;
};

struct map_entry {
	uint32_t size; /* of what follows */
	struct loader_map_entry e;
} PACKED;

static const char loader_name[] = "bulkhead";

static enum err place_kernel(const struct loader *l, struct multiboot_image *m)
{
	struct elf_image elf;
	const char *wrong;

	if (m->addressed)
		return loader_place(l, m->load_at, m->bytes, m->file_at, m->file_bytes);
	wrong = elf_parse(&l->images->image, &elf);
	if (!wrong && elf.entry_at >= BIT(32))
		wrong = "its entry lies above 4 GiB";
	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	m->load_at = elf.low;
	m->bytes = elf.high - elf.low;
	m->entry = (uint32_t)elf.entry_at;
	return loader_place_elf(l, &elf, 0);
}

static bool write_module(const struct loader *l, uint64_t at, struct info *info)
{
	uint32_t start = (uint32_t)at;
	struct module entry = { start, start + (uint32_t)l->images->initrd.bytes, NAME_AT, 0 };

	if (!at)
		return true;
	info->flags |= INFO_MODS;
	info->mods_count = 1;
	info->mods_addr = MODULE_AT;
	return guest_write(l->d, gpa(MODULE_AT), &entry, sizeof(entry));
}

static bool write_map(struct domain *d, struct info *info)
{
	struct loader_map_entry map[LOADER_MAP_MAX];
	unsigned count = loader_map(d, map);

	for (unsigned n = 0; n < count; n++) {
		struct map_entry entry = { sizeof(map[0]), map[n] };

		if (!guest_write(d, gpa(MAP_AT + n * sizeof(entry)), &entry, sizeof(entry)))
			return false;
	}
	info->mmap_addr = MAP_AT;
	info->mmap_length = count * sizeof(struct map_entry);
	return true;
}

static bool write_info(const struct loader *l, uint64_t module)
{
	struct domain *d = l->d;
	size_t cmdline_bytes = strnlen(d->config->cmdline, CONFIG_CMDLINE - 1);
	struct info info = {
		.flags = INFO_MEMORY | INFO_CMD | INFO_MAP | INFO_NAME,
		.mem_lower = loader_memory_low(d) >> 10,
		.mem_upper = loader_memory_high(d) >> 10,
		.cmdline = CMDLINE_AT,
		.boot_loader_name = CMDLINE_AT + CONFIG_CMDLINE,
	};

	return write_map(d, &info) && write_module(l, module, &info) &&
	       guest_write(d, gpa(CMDLINE_AT), d->config->cmdline, cmdline_bytes) &&
	       guest_write(d, gpa(CMDLINE_AT + CONFIG_CMDLINE), loader_name, sizeof(loader_name)) &&
	       guest_write(d, gpa(LOADER_INFO_AT), &info, sizeof(info));
}

enum err load_multiboot(const struct loader *l)
{
	struct multiboot_image m;
	const char *wrong = multiboot_parse(&l->images->image, &m);
	uint64_t module;
	enum err e;

	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	e = place_kernel(l, &m);
	if (e == OK)
		e = loader_place_module(l, m.load_at, m.load_at + m.bytes, &module);
	if (e != OK)
		return e;
	return loader_start32(l, write_info(l, module), BOOT_MAGIC, m.entry);
}
