/*
 * The tags of Multiboot2 that we use, each read by one function from a table, which gets the bytes
 * behind the tag's header. They are copied field by field, so their alignment does not matter.
 */
#include "boot/multiboot2.h"

#include "lib/bits.h"
#include "lib/span.h"

#define INFO_HEADER 8 /* total size, reserved */
#define TAG_HEADER  8 /* type, size with this header */
#define TAG_ALIGN   8

#define RANGE_USABLE 1

#define FRAMEBUFFER_RGB  1
#define FRAMEBUFFER_TEXT 2

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

static void read_cmdline(struct boot_info *info, const struct span *t)
{
	copy_text(info->cmdline, sizeof(info->cmdline), t->at, t->bytes);
}

static void read_module(struct boot_info *info, const struct span *t)
{
	struct boot_module *m = &info->module[info->modules];
	uint64_t start = span_field(t, 0, 4), end = span_field(t, 4, 4);

	if (t->bytes < 8 || end < start || info->modules == BOOT_MODULES) {
		info->dropped++;
		return;
	}
	copy_text(m->name, sizeof(m->name), t->at + 8, t->bytes - 8);
	m->name[word_length(m->name)] = '\0';
	m->base = hpa(start);
	m->bytes = end - start;
	info->modules++;
}

static void read_memory_map(struct boot_info *info, const struct span *t)
{
	size_t entry = span_field(t, 0, 4);

	if (entry < 20)
		return;
	for (size_t at = 8; range_within(at, entry, t->bytes); at += entry) {
		struct boot_range r = { hpa(span_field(t, at, 8)), span_field(t, at + 8, 8),
					span_field(t, at + 16, 4) == RANGE_USABLE };

		if (!r.bytes || r.base.v + r.bytes < r.base.v)
			continue;
		if (info->ranges == BOOT_RANGES)
			info->dropped++;
		else
			info->range[info->ranges++] = r;
	}
}

static void read_framebuffer(struct boot_info *info, const struct span *t)
{
	unsigned type = (unsigned)span_field(t, 21, 1);

	if (type != FRAMEBUFFER_RGB && type != FRAMEBUFFER_TEXT)
		return;
	info->has_screen = true;
	info->screen = (struct screen_info){
		.base = hpa(span_field(t, 0, 8)),
		.pitch = (uint32_t)span_field(t, 8, 4),
		.width = (uint32_t)span_field(t, 12, 4),
		.height = (uint32_t)span_field(t, 16, 4),
		.bits = (uint8_t)span_field(t, 20, 1),
		.text = type == FRAMEBUFFER_TEXT,
	};
}

/* The newer tag wins, in whichever order they come. */
static void read_rsdp(struct boot_info *info, const struct span *t)
{
	if (t->bytes < 20 || t->bytes < info->rsdp_bytes)
		return;
	info->rsdp_bytes = MIN(t->bytes, BOOT_RSDP);
	memcpy(info->rsdp, t->at, info->rsdp_bytes);
}

static void (*const readers[])(struct boot_info *info, const struct span *t) = {
	[1] = read_cmdline,     [3] = read_module, [6] = read_memory_map,
	[8] = read_framebuffer, [14] = read_rsdp, /* ACPI 1 */
	[15] = read_rsdp,                         /* ACPI 2 and later */
};

enum err multiboot2_parse(struct boot_info *info, const void *data, size_t mapped)
{
	const uint8_t *bytes = data;
	struct span all = { bytes, mapped };
	size_t total = span_field(&all, 0, 4), at = INFO_HEADER;

	if (total < INFO_HEADER || total > mapped)
		return ERR_FORMAT;
	all.bytes = total;
	while (range_within(at, TAG_HEADER, total)) {
		size_t type = span_field(&all, at, 4), size = span_field(&all, at + 4, 4);
		struct span t = { bytes + at + TAG_HEADER, size - TAG_HEADER };

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
