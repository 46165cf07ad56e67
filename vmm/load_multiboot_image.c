/*
 * Finds and checks a Multiboot 1 header (Multiboot Specification 0.6.96, 3.1). Called by
 * load_multiboot.c; kept apart to be tested and fuzzed alone.
 */
#include "vmm/load_multiboot.h"

#include "lib/bits.h"

#define SEARCH          8192u
#define MAGIC           0x1badb002u
#define FLAGS_REQUIRED  MASK(15, 0)
#define FLAGS_KNOWN     MASK(2, 0) /* aligned modules, memory information, video mode (a wish) */
#define FLAGS_ADDRESSED BIT(16)

struct header {
	uint32_t magic, flags, checksum;
	uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

/* Fields behind the checksum are there only with FLAGS_ADDRESSED. */
#define HEADER_SHORT offsetof(struct header, header_addr)

static bool find(const struct span *file, struct header *h, uint64_t *at)
{
	uint64_t end = MIN(file->bytes, SEARCH);

	for (*at = 0; *at + HEADER_SHORT <= end; *at += 4) {
		memset(h, 0, sizeof(*h));
		memcpy(h, file->at + *at, MIN(sizeof(*h), end - *at));
		if (h->magic == MAGIC && h->magic + h->flags + h->checksum == 0)
			return true;
	}
	return false;
}

static const char *parse_addresses(const struct header *h, uint64_t at, uint64_t bytes,
				   struct multiboot_image *out)
{
	uint64_t before = (uint64_t)h->header_addr - h->load_addr;

	if (h->load_addr > h->header_addr || before > at)
		return "a broken Multiboot header: it lies before load_addr";
	out->addressed = true;
	out->file_at = at - before;
	out->file_bytes = bytes - out->file_at;
	if (h->load_end_addr)
		out->file_bytes = (uint64_t)h->load_end_addr - h->load_addr;
	out->load_at = h->load_addr;
	out->bytes = out->file_bytes;
	if (h->bss_end_addr)
		out->bytes = (uint64_t)h->bss_end_addr - h->load_addr;
	out->entry = h->entry_addr;
	if (!range_within(out->file_at, out->file_bytes, bytes))
		return "the image ends before the Multiboot header's load_end_addr: it is "
		       "truncated";
	if (out->bytes < out->file_bytes || !range_within(out->load_at, out->bytes, BIT(32)))
		return "a broken Multiboot header: bss_end_addr";
	return NULL;
}

const char *multiboot_parse(const struct span *file, struct multiboot_image *out)
{
	struct header h;
	uint64_t at;

	*out = (struct multiboot_image){ 0 };
	if (!find(file, &h, &at))
		return "no Multiboot 1 header in the first 8 KiB";
	if (h.flags & FLAGS_REQUIRED & ~FLAGS_KNOWN)
		return "the Multiboot header requires what no loader knows (flags 3 to 15)";
	return h.flags & FLAGS_ADDRESSED ? parse_addresses(&h, at, file->bytes, out) : NULL;
}
