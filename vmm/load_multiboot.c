/*
 * Multiboot 1: ELF32, ELF64 or an image that says its own addresses, entered in 32-bit protected
 * mode with ebx on the information structure. What the loader adds lies in low memory, page 0 left
 * free; the module goes to the end of the first RAM, where nobody loads.
 *
 *   0x8000 GDT   0x9000 information   0x9100 module list   0x9200 memory map   0xa000 command line
 */
#include "vmm/load_multiboot.h"

#include "arch/x86/cpu/regs.h"
#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/load_elf.h"
#include "vmm/loader_map.h"
#include "vmm/loader_mode.h"

#define GDT_AT     0x8000u
#define INFO_AT    0x9000u
#define MODULE_AT  0x9100u
#define MAP_AT     0x9200u
#define CMDLINE_AT 0xa000u
#define TAKEN_END  0xb000u
#define NAME_AT    (MODULE_AT + 0x20) /* an empty string for the module */

#define LOW_BYTES   0xa0000u
#define HIGH_AT     0x100000ull
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

/* Nothing may be loaded over what the loader itself puts into low memory. */
static bool put(struct domain *d, uint64_t at, const void *data, uint64_t bytes)
{
	if (bytes && range_overlaps(at, bytes, GDT_AT, TAKEN_END - GDT_AT))
		return false;
	return guest_write(d, gpa(at), data, bytes);
}

static enum err load_addressed(const struct loader *l, const struct multiboot_image *m)
{
	if (domain_owns(l->d, gpa(m->load_at), m->bytes) &&
	    put(l->d, m->load_at, l->images->image.at + m->file_at, m->file_bytes))
		return OK;
	return loader_refuse(l, ERR_RANGE, "the image wants %#lx..%#lx, which is not free RAM",
			     m->load_at, m->load_at + m->bytes);
}

static enum err load_elf(const struct loader *l, struct multiboot_image *m)
{
	struct elf_image elf;
	const char *wrong = elf_parse(&l->images->image, &elf);

	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	for (unsigned n = 0; n < elf.segments; n++) {
		const struct elf_segment *s = &elf.segment[n];

		if (!domain_owns(l->d, gpa(s->address), s->bytes) ||
		    !put(l->d, s->address, l->images->image.at + s->offset, s->file_bytes))
			return loader_refuse(l, ERR_RANGE,
					     "a segment wants %#lx..%#lx, which is not free RAM",
					     s->address, s->address + s->bytes);
	}
	m->load_at = elf.low;
	m->bytes = elf.high - elf.low;
	m->entry = (uint32_t)elf.entry_at;
	return OK;
}

/* The module's place, at the end of the RAM that begins below 1 MiB. */
static bool load_module(struct domain *d, const struct span *module,
			const struct multiboot_image *m, struct info *info)
{
	const struct extent *ram = loader_ram_at(d, HIGH_AT);
	uint64_t end = ram ? MIN(ram->gpa.v + ram->bytes, BIT(32)) : 0;
	uint64_t at = module->bytes < end ? page_down(end - module->bytes) : 0;
	struct module entry = { (uint32_t)at, (uint32_t)(at + module->bytes), NAME_AT, 0 };

	if (at < HIGH_AT || range_overlaps(at, module->bytes, m->load_at, m->bytes) ||
	    !guest_write(d, gpa(at), module->at, module->bytes) ||
	    !guest_write(d, gpa(MODULE_AT), &entry, sizeof(entry)))
		return false;
	info->flags |= INFO_MODS;
	info->mods_count = 1;
	info->mods_addr = MODULE_AT;
	return true;
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

static bool write_info(struct domain *d, struct info *info)
{
	const struct extent *ram = loader_ram_at(d, HIGH_AT);
	size_t cmdline_bytes = strnlen(d->config->cmdline, CONFIG_CMDLINE - 1);

	info->flags |= INFO_MEMORY | INFO_CMD | INFO_MAP | INFO_NAME;
	info->mem_lower = LOW_BYTES >> 10;
	info->mem_upper = ram ? (uint32_t)((ram->gpa.v + ram->bytes - HIGH_AT) >> 10) : 0;
	info->cmdline = CMDLINE_AT;
	info->boot_loader_name = CMDLINE_AT + CONFIG_CMDLINE;
	return write_map(d, info) && guest_fill(d, gpa(CMDLINE_AT), 0, TAKEN_END - CMDLINE_AT) &&
	       guest_write(d, gpa(CMDLINE_AT), d->config->cmdline, cmdline_bytes) &&
	       guest_write(d, gpa(CMDLINE_AT + CONFIG_CMDLINE), loader_name, sizeof(loader_name)) &&
	       guest_write(d, gpa(INFO_AT), info, sizeof(*info));
}

enum err load_multiboot(const struct loader *l)
{
	const struct span *module = &l->images->initrd;
	struct info info = { 0 };
	struct multiboot_image m;
	const char *wrong = multiboot_parse(&l->images->image, &m);
	enum err e;

	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	e = m.addressed ? load_addressed(l, &m) : load_elf(l, &m);
	if (e != OK)
		return e;
	if (module->bytes && !load_module(l->d, module, &m, &info))
		return loader_refuse(l, ERR_RANGE,
				     "a module of %lu KiB does not fit behind the image: give the "
				     "domain more memory",
				     module->bytes >> 10);
	if (!write_info(l->d, &info) || loader_protected_mode(l, GDT_AT) != OK)
		return loader_refuse(l, ERR_RANGE, "the domain needs RAM from 0 on");
	l->entry->regs.rip = m.entry;
	l->entry->regs.gpr[GPR_RAX] = BOOT_MAGIC;
	l->entry->regs.gpr[GPR_RBX] = INFO_AT;
	return OK;
}
