/*
 * The tags of Multiboot2 that we use, each read by one function from a table. A tag is copied
 * field by field, so its alignment does not matter.
 */
#include "boot/multiboot2.h"

#include "lib/bits.h"
#include "lib/string.h"

#define INFO_HEADER 8 /* total size, reserved */
#define TAG_HEADER  8 /* type, size with this header */
#define TAG_ALIGN   8

#define RANGE_USABLE 1

#define FRAMEBUFFER_RGB  1
#define FRAMEBUFFER_TEXT 2

struct tag {
	const uint8_t *body; /* behind the header */
	size_t bytes;
};

/* Little-endian number of `bytes` bytes at an offset of the tag's body; 0 beyond its end. */
static uint64_t field(const struct tag *t, size_t offset, size_t bytes)
{
	uint64_t v = 0;

	if (range_within(offset, bytes, t->bytes))
		memcpy(&v, t->body + offset, bytes);
	return v;
}

static void copy_text(char *dst, size_t size, const uint8_t *text, size_t bytes)
{
	size_t n = strnlen((const char *)text, MIN(bytes, size - 1));

	memcpy(dst, text, n);
	dst[n] = '\0';
}

static size_t word_length(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != ' ')
		n++;
	return n;
}

static void read_cmdline(struct boot_info *info, const struct tag *t)
{
	copy_text(info->cmdline, sizeof(info->cmdline), t->body, t->bytes);
}

static void read_module(struct boot_info *info, const struct tag *t)
{
	struct boot_module *m = &info->module[info->modules];
	uint64_t start = field(t, 0, 4), end = field(t, 4, 4);

	if (t->bytes < 8 || end < start || info->modules == BOOT_MODULES) {
		info->dropped++;
		return;
	}
	copy_text(m->name, sizeof(m->name), t->body + 8, t->bytes - 8);
	m->name[word_length(m->name)] = '\0';
	m->base = hpa(start);
	m->bytes = end - start;
	info->modules++;
}

static void read_memory_map(struct boot_info *info, const struct tag *t)
{
	size_t entry = field(t, 0, 4);

	if (entry < 20)
		return;
	for (size_t at = 8; range_within(at, entry, t->bytes); at += entry) {
		struct boot_range r = { hpa(field(t, at, 8)), field(t, at + 8, 8),
					field(t, at + 16, 4) == RANGE_USABLE };

		if (!r.bytes || r.base.v + r.bytes < r.base.v)
			continue;
		if (info->ranges == BOOT_RANGES)
			info->dropped++;
		else
			info->range[info->ranges++] = r;
	}
}

static void read_framebuffer(struct boot_info *info, const struct tag *t)
{
	unsigned type = (unsigned)field(t, 21, 1);

	if (type != FRAMEBUFFER_RGB && type != FRAMEBUFFER_TEXT)
		return;
	info->has_screen = true;
	info->screen = (struct screen_info){
		.base = hpa(field(t, 0, 8)),
		.pitch = (uint32_t)field(t, 8, 4),
		.width = (uint32_t)field(t, 12, 4),
		.height = (uint32_t)field(t, 16, 4),
		.bits = (uint8_t)field(t, 20, 1),
		.text = type == FRAMEBUFFER_TEXT,
	};
}

/* The newer tag wins, in whichever order they come. */
static void read_rsdp(struct boot_info *info, const struct tag *t)
{
	if (t->bytes < 20 || t->bytes < info->rsdp_bytes)
		return;
	info->rsdp_bytes = MIN(t->bytes, BOOT_RSDP);
	memcpy(info->rsdp, t->body, info->rsdp_bytes);
}

static void (*const readers[])(struct boot_info *info, const struct tag *t) = {
	[1] = read_cmdline,     [3] = read_module, [6] = read_memory_map,
	[8] = read_framebuffer, [14] = read_rsdp, /* ACPI 1 */
	[15] = read_rsdp,                         /* ACPI 2 and later */
};

enum err multiboot2_parse(struct boot_info *info, const void *data, size_t mapped)
{
	const uint8_t *bytes = data;
	struct tag all = { bytes, mapped };
	size_t total = field(&all, 0, 4), at = INFO_HEADER;

	if (total < INFO_HEADER || total > mapped)
		return ERR_FORMAT;
	all.bytes = total;
	while (range_within(at, TAG_HEADER, total)) {
		size_t type = field(&all, at, 4), size = field(&all, at + 4, 4);
		struct tag t = { bytes + at + TAG_HEADER, size - TAG_HEADER };

		if (size < TAG_HEADER || !range_within(at, size, total))
			return ERR_FORMAT;
		if (!type)
			return OK;
		if (type < ARRAY_SIZE(readers) && readers[type])
			readers[type](info, &t);
		at += align_up(size, TAG_ALIGN);
	}
	return ERR_FORMAT;
}
