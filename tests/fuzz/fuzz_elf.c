/*
 * Any bytes as an ELF file and as a Multiboot image of either version: what the parsers accept lies
 * within the file.
 */
// sources: vmm/load_elf.c vmm/load_multiboot_image.c vmm/load_multiboot2_image.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "lib/addr.h"
#include "vmm/load_elf.h"
#include "vmm/load_multiboot2.h"

static void check_elf(const uint8_t *data, size_t size)
{
	struct elf_image elf;
	struct span file = { data, size };

	if (elf_parse(&file, &elf))
		return;
	for (unsigned n = 0; n < elf.segments; n++) {
		const struct elf_segment *s = &elf.segment[n];

		if (!range_within(s->offset, s->file_bytes, size) || s->file_bytes > s->bytes ||
		    s->address < elf.low || s->address + s->bytes > elf.high)
			abort();
	}
}

/* A header whose magic fits: the checksum is made to. */
static void check_multiboot2(uint8_t *data, size_t size)
{
	const uint32_t magic[] = { 0xe85250d6, 0, (uint32_t)size - 8 };
	const uint32_t sum = -(magic[0] + magic[2]);
	struct span file = { data, size };
	struct multiboot2_image m;

	memcpy(data + 8, magic, sizeof(magic));
	memcpy(data + 20, &sum, sizeof(sum));
	if (multiboot2_image_parse(&file, &m))
		return;
	if ((m.at.addressed && (!range_within(m.at.file_at, m.at.file_bytes, size) ||
				m.at.bytes < m.at.file_bytes)) ||
	    (m.relocatable && (m.align & (m.align - 1))))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 64);
	struct span file = { copy, size };
	struct multiboot_image m;

	/* Plain, then with a good start so that the fuzzer gets further. */
	memcpy(copy, data, size);
	check_elf(copy, size);
	if (!multiboot_parse(&file, &m) && m.addressed &&
	    (!range_within(m.file_at, m.file_bytes, size) || m.bytes < m.file_bytes))
		abort();
	if (size > 20) {
		memcpy(copy, "\177ELF", 4);
		copy[4] = 1 + (copy[4] & 1);
		copy[5] = 1;
		copy[16] = 2 + (copy[16] & 1);
		copy[17] = 0;
		copy[18] = copy[18] & 1 ? 3 : 62;
		copy[19] = 0;
		check_elf(copy, size);
	}
	if (size > 40)
		check_multiboot2(copy, size);
	free(copy);
	return 0;
}
