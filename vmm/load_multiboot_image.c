/*
 * Finds and checks a Multiboot 1 header (Multiboot Specification 0.6.96, 3.1). Called by
 * load_multiboot.c; kept apart to be tested and fuzzed alone. Multiboot2 has the same addresses.
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
	struct multiboot_addresses address;
	uint32_t entry_addr;
};

/* Fields behind the checksum are there only with FLAGS_ADDRESSED. */
#define HEADER_SHORT offsetof(struct header, address)

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

const char *multiboot_parse_addresses(const struct multiboot_addresses *a, uint64_t at,
				      uint64_t bytes, struct multiboot_image *out)
{
	uint64_t before = (uint64_t)a->header - a->load;

	if (a->load > a->header || before > at)
		return "a broken Multiboot header: it lies before load_addr";
	out->addressed = true;
	out->file_at = at - before;
	out->file_bytes = bytes - out->file_at;
	if (a->load_end)
		out->file_bytes = (uint64_t)a->load_end - a->load;
	out->load_at = a->load;
	out->bytes = out->file_bytes;
	if (a->bss_end)
		out->bytes = (uint64_t)a->bss_end - a->load;
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
	if (!(h.flags & FLAGS_ADDRESSED))
		return NULL;
	out->entry = h.entry_addr;
	return multiboot_parse_addresses(&h.address, at, file->bytes, out);
}
