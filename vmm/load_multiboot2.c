/*
 * Multiboot2: ELF or an image that says its own addresses, moved if its header allows that and its
 * own place is taken, entered in 32-bit protected mode with ebx on the boot information, a list of
 * tags at 0x9000 (Multiboot2 Specification 2.0, 3.3 to 3.6).
 */
#include "vmm/load_multiboot2.h"

#include "abi/platform.h"
#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/loader_map.h"
#include "vmm/loader_place.h"
#include "vmm/vacpi_tables.h"

#define BOOT_MAGIC  0x36d76289u
#define INFO_HEADER 8u /* total size, reserved */
#define TAG_HEADER  8u /* type, size */
#define TAG_ALIGN   8u

enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MODULE = 3,
	TAG_MEMORY = 4,
	TAG_MAP = 6,
	TAG_RSDP_OLD = 14,
	TAG_RSDP = 15,
	TAG_BASE = 21,
};

/* Writes tags one after the other. */
struct writer {
	struct domain *d;
	uint64_t at;
	bool failed;
};

struct map_entry {
	struct loader_map_entry e;
	uint32_t reserved;
} PACKED;

static void put(struct writer *w, const void *data, size_t bytes)
{
	w->failed |= !range_within(w->at, bytes, LOADER_INFO_END) ||
		     !guest_write(w->d, gpa(w->at), data, bytes);
	w->at += bytes;
}

/* The head of a tag with `bytes` to follow. */
static void put_head(struct writer *w, uint32_t type, size_t bytes)
{
	uint32_t head[] = { type, TAG_HEADER + (uint32_t)bytes };

	w->at = align_up(w->at, TAG_ALIGN);
	put(w, head, sizeof(head));
}

static void put_tag(struct writer *w, uint32_t type, const void *data, size_t bytes)
{
	put_head(w, type, bytes);
	put(w, data, bytes);
}

static void put_map(struct writer *w)
{
	const uint32_t head[] = { sizeof(struct map_entry), 0 };
	struct loader_map_entry map[LOADER_MAP_MAX];
	unsigned count = loader_map(w->d, map);

	put_head(w, TAG_MAP, sizeof(head) + count * sizeof(struct map_entry));
	put(w, head, sizeof(head));
	for (unsigned n = 0; n < count; n++)
		put(w, &(struct map_entry){ map[n], 0 }, sizeof(struct map_entry));
}

static void put_rsdp(struct writer *w)
{
	uint64_t at = loader_rsdp(w->d);
	struct acpi_rsdp rsdp;

	if (!at || !guest_read(w->d, gpa(at), &rsdp, sizeof(rsdp)))
		return;
	put_tag(w, TAG_RSDP_OLD, &rsdp, ACPI_RSDP_OLD_BYTES);
	put_tag(w, TAG_RSDP, &rsdp, sizeof(rsdp));
}

static bool write_info(const struct loader *l, const struct multiboot2_image *m, uint64_t module)
{
	struct domain *d = l->d;
	struct writer w = { .d = d, .at = LOADER_INFO_AT + INFO_HEADER };
	const char *cmdline = d->config->cmdline;
	const uint32_t memory[] = { loader_memory_low(d) >> 10, loader_memory_high(d) >> 10 };
	/* Start, end, an empty string. */
	uint32_t extent[3] = { (uint32_t)module, (uint32_t)(module + l->images->initrd.bytes), 0 };
	uint32_t base = (uint32_t)m->at.load_at, total[2] = { 0 };

	put_tag(&w, TAG_CMDLINE, cmdline, strnlen(cmdline, CONFIG_CMDLINE - 1) + 1);
	put_tag(&w, TAG_LOADER, "bulkhead", sizeof("bulkhead"));
	if (module)
		put_tag(&w, TAG_MODULE, extent, 9);
	put_tag(&w, TAG_MEMORY, memory, sizeof(memory));
	put_map(&w);
	put_rsdp(&w);
	if (m->relocatable)
		put_tag(&w, TAG_BASE, &base, sizeof(base));
	put_head(&w, TAG_END, 0);
	total[0] = (uint32_t)(w.at - LOADER_INFO_AT);
	return !w.failed && guest_write(d, gpa(LOADER_INFO_AT), total, sizeof(total));
}

/* Where an image that may be moved goes; the module has the end of the RAM. */
static uint64_t choose_place(const struct loader *l, const struct multiboot2_image *m)
{
	const struct extent *ram = loader_ram_at(l->d, LOADER_HIGH_AT);
	uint64_t end = ram ? MIN(ram->gpa.v + ram->bytes, HV_GUEST_HIGH) : 0;
	uint64_t own = m->at.load_at, bytes = m->at.bytes;

	if (m->preference == MULTIBOOT2_ANYWHERE && !(own & (m->align - 1)) && own >= m->min &&
	    own + bytes - 1 <= m->max && loader_is_free(l->d, own, bytes))
		return own;
	end -= MIN(end, page_up(l->images->initrd.bytes));
	end = MIN(end, m->max + 1ull);
	if (m->preference == MULTIBOOT2_HIGHEST && bytes < end)
		return (end - bytes) & ~(m->align - 1ull);
	return align_up(MAX(m->min, LOADER_HIGH_AT), m->align);
}

static enum err place_kernel(const struct loader *l, struct multiboot2_image *m)
{
	struct elf_image elf = { 0 };
	const char *wrong = m->at.addressed ? NULL : elf_parse(&l->images->image, &elf);
	uint64_t to;

	if (!wrong && elf.entry_at >= BIT(32) && !m->has_entry)
		wrong = "its entry lies above 4 GiB";
	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	if (!m->at.addressed) {
		m->at.load_at = elf.low;
		m->at.bytes = elf.high - elf.low;
		if (!m->has_entry)
			m->at.entry = (uint32_t)elf.entry_at;
	}
	to = m->relocatable ? choose_place(l, m) : m->at.load_at;
	if (m->relocatable && (to < m->min || to + m->at.bytes - 1 > m->max))
		return loader_refuse(l, ERR_RANGE,
				     "no free RAM for the image from %#x to %#x, where it may lie: "
				     "give the domain more memory",
				     m->min, m->max);
	m->at.entry += (uint32_t)(to - m->at.load_at);
	if (m->at.addressed)
		return loader_place(l, m->at.load_at = to, m->at.bytes, m->at.file_at,
				    m->at.file_bytes);
	to -= m->at.load_at;
	m->at.load_at += to;
	return loader_place_elf(l, &elf, to);
}

enum err load_multiboot2(const struct loader *l)
{
	struct multiboot2_image m;
	const char *wrong = multiboot2_image_parse(&l->images->image, &m);
	uint64_t module;
	enum err e;

	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	e = place_kernel(l, &m);
	if (e == OK)
		e = loader_place_module(l, m.at.load_at, m.at.load_at + m.at.bytes, &module);
	if (e != OK)
		return e;
	return loader_start32(l, write_info(l, &m, module), BOOT_MAGIC, m.at.entry);
}
