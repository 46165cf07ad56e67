/*
 * Xen's direct boot ABI for HVM guests (Xen docs/misc/pvh.pandoc,
 * public/arch-x86/hvm/start_info.h): an ELF file whose note names a physical entry, entered in
 * 32-bit protected mode with ebx on the start information. Linux' vmlinux, FreeBSD and NetBSD
 * kernels have it.
 *
 *   0x9000 start information   0x9100 module list   0x9200 memory map   0xa000 command line
 */
#include "abi/platform.h"
#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/loader_map.h"
#include "vmm/loader_place.h"

#define MODULE_AT  0x9100u
#define MAP_AT     0x9200u
#define CMDLINE_AT 0xa000u

#define START_MAGIC   0x336ec578u
#define START_VERSION 1

struct start_info_page {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, cmdline, rsdp;
	uint64_t map; /* from here on version 1 */
	uint32_t map_entries, reserved;
};

_Static_assert(sizeof(struct start_info_page) == 56, "Xen's struct hvm_start_info");

struct module {
	uint64_t at, bytes, cmdline, reserved;
};

struct map_entry {
	uint64_t base, bytes;
	uint32_t type, reserved;
};

static bool write_map(struct domain *d, uint32_t *entries)
{
	struct loader_map_entry map[LOADER_MAP_MAX];

	*entries = loader_map(d, map);
	for (unsigned n = 0; n < *entries; n++) {
		struct map_entry entry = { map[n].base, map[n].bytes, map[n].type, 0 };

		if (!guest_write(d, gpa(MAP_AT + n * sizeof(entry)), &entry, sizeof(entry)))
			return false;
	}
	return true;
}

static bool write_start(const struct loader *l, uint64_t module)
{
	struct domain *d = l->d;
	size_t cmdline_bytes = strnlen(d->config->cmdline, CONFIG_CMDLINE - 1);
	struct module entry = { .at = module, .bytes = l->images->initrd.bytes };
	struct start_info_page info = {
		.magic = START_MAGIC,
		.version = START_VERSION,
		.modules = module != 0,
		.module_list = module ? MODULE_AT : 0,
		.cmdline = CMDLINE_AT,
		.rsdp = loader_rsdp(d),
		.map = MAP_AT,
	};

	return write_map(d, &info.map_entries) &&
	       guest_write(d, gpa(MODULE_AT), &entry, sizeof(entry)) &&
	       guest_write(d, gpa(CMDLINE_AT), d->config->cmdline, cmdline_bytes) &&
	       guest_write(d, gpa(LOADER_INFO_AT), &info, sizeof(info));
}

enum err load_pvh(const struct loader *l)
{
	struct elf_image elf;
	const char *wrong = elf_parse(&l->images->image, &elf);
	uint64_t module;
	enum err e;

	if (!wrong && !elf.pvh_entry)
		wrong = "an ELF file without Xen's note of a PVH entry (Linux: CONFIG_PVH)";
	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	e = loader_place_elf(l, &elf, 0);
	if (e == OK)
		e = loader_place_module(l, elf.low, elf.high, &module);
	if (e != OK)
		return e;
	return loader_start32(l, write_start(l, module), 0, elf.pvh_entry);
}
