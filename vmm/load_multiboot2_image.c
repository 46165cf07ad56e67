/*
 * Finds and reads a Multiboot2 header, tag by tag. A tag that is not optional and asks for what no
 * guest can have here is an error; information that is merely not there is not (3.1.4). Called by
 * load_multiboot2.c; kept apart to be tested and fuzzed alone.
 */
#include "vmm/load_multiboot2.h"

#include "lib/bits.h"

#define SEARCH       32768u
#define MAGIC        0xe85250d6u
#define ARCH_I386    0
#define HEADER_BYTES 16u
#define TAG_BYTES    8u
#define TAG_ALIGN    8u

#define TAG_OPTIONAL     BIT(0)
#define INFO_LAST        21u    /* the highest type of information that the specification has */
#define CONSOLE_REQUIRED BIT(0) /* a console of the loader's: there is none */

/* Reads a tag; NULL or what is wrong. `tag` is as long as it says. */
typedef const char *tag_fn(const struct span *tag, const struct span *file, uint64_t header,
			   struct multiboot2_image *out);

static uint32_t word(const struct span *tag, unsigned at)
{
	return (uint32_t)span_field(tag, at, 4);
}

static bool is_optional(const struct span *tag)
{
	return span_field(tag, 2, 2) & TAG_OPTIONAL;
}

static const char *read_request(const struct span *tag, const struct span *file, uint64_t header,
				struct multiboot2_image *out)
{
	for (unsigned at = TAG_BYTES; at + 4 <= tag->bytes; at += 4)
		if (word(tag, at) > INFO_LAST && !is_optional(tag))
			return "the Multiboot2 header requires information that no loader knows "
			       "(types above 21)";
	return NULL;
}

static const char *read_address(const struct span *tag, const struct span *file, uint64_t header,
				struct multiboot2_image *out)
{
	struct multiboot_addresses a = { word(tag, 8), word(tag, 12), word(tag, 16),
					 word(tag, 20) };

	/* From the beginning of the file. */
	if (a.load == UINT32_MAX)
		a.load = a.header - (uint32_t)header;
	return multiboot_parse_addresses(&a, header, file->bytes, &out->at);
}

static const char *read_entry(const struct span *tag, const struct span *file, uint64_t header,
			      struct multiboot2_image *out)
{
	out->at.entry = word(tag, 8);
	out->has_entry = true;
	return NULL;
}

static const char *read_console(const struct span *tag, const struct span *file, uint64_t header,
				struct multiboot2_image *out)
{
	return word(tag, 8) & CONSOLE_REQUIRED && !is_optional(tag)
		       ? "the Multiboot2 header requires a console of the loader's: guests have a "
			 "serial port only"
		       : NULL;
}

static const char *read_framebuffer(const struct span *tag, const struct span *file,
				    uint64_t header, struct multiboot2_image *out)
{
	return is_optional(tag) ? NULL
				: "the Multiboot2 header requires a framebuffer: guests have none";
}

static const char *read_relocatable(const struct span *tag, const struct span *file,
				    uint64_t header, struct multiboot2_image *out)
{
	out->relocatable = true;
	out->min = word(tag, 8);
	out->max = word(tag, 12);
	out->align = MAX(word(tag, 16), 1);
	out->preference = word(tag, 20);
	if ((out->align & (out->align - 1)) || out->min > out->max)
		return "a broken Multiboot2 header: its relocatable tag";
	return NULL;
}

/* Nothing to do: modules are aligned to pages anyway, and no guest is started from EFI. */
static const char *read_nothing(const struct span *tag, const struct span *file, uint64_t header,
				struct multiboot2_image *out)
{
	return NULL;
}

static const struct {
	tag_fn *read;
	uint8_t bytes; /* at least */
} tags[] = {
	[1] = { read_request, 8 },       [2] = { read_address, 24 },     [3] = { read_entry, 12 },
	[4] = { read_console, 12 },      [5] = { read_framebuffer, 20 }, [6] = { read_nothing, 8 },
	[7] = { read_nothing, 8 },       [8] = { read_nothing, 12 },     [9] = { read_nothing, 12 },
	[10] = { read_relocatable, 24 },
};

/* The header as it lies in the file, *at its offset. */
static const char *find(const struct span *file, struct span *header, uint64_t *at)
{
	uint64_t end = MIN(file->bytes, SEARCH);

	for (*at = 0; *at + HEADER_BYTES <= end; *at += 8) {
		struct span h = { file->at + *at, end - *at };

		if (word(&h, 0) != MAGIC ||
		    (uint32_t)(word(&h, 0) + word(&h, 4) + word(&h, 8) + word(&h, 12)))
			continue;
		if (word(&h, 4) != ARCH_I386)
			return "a Multiboot2 image for another processor than x86";
		if (word(&h, 8) < HEADER_BYTES || word(&h, 8) > h.bytes)
			return "a Multiboot2 header that ends behind the first 32 KiB or the file";
		*header = (struct span){ h.at, word(&h, 8) };
		return NULL;
	}
	return "no Multiboot2 header in the first 32 KiB";
}

const char *multiboot2_image_parse(const struct span *file, struct multiboot2_image *out)
{
	struct span header = { 0 };
	uint64_t header_at, at = HEADER_BYTES;
	const char *wrong = find(file, &header, &header_at);

	*out = (struct multiboot2_image){ 0 };
	while (!wrong) {
		struct span tag = { header.at + at, 0 };
		uint32_t type = (uint32_t)span_field(&header, at, 2);
		bool known = type < ARRAY_SIZE(tags) && tags[type].read;

		tag.bytes = word(&header, (unsigned)at + 4);
		if (tag.bytes < TAG_BYTES || !range_within(at, tag.bytes, header.bytes))
			return "a broken Multiboot2 header: its tags do not end within it";
		if (!type)
			break;
		if (known && tag.bytes < tags[type].bytes)
			return "a broken Multiboot2 header: a tag is too short";
		if (known)
			wrong = tags[type].read(&tag, file, header_at, out);
		else if (!is_optional(&tag))
			wrong = "the Multiboot2 header requires what no loader knows (a tag above "
				"10)";
		at = align_up(at + tag.bytes, TAG_ALIGN);
	}
	if (!wrong && out->at.addressed && !out->has_entry)
		wrong = "a Multiboot2 header with addresses but without an entry";
	return wrong;
}
