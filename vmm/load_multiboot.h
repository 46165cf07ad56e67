/*
 * The Multiboot 1 header of an image, and where its address form says the bytes go. Pure: tested on
 * the host and fuzzed.
 */
#ifndef VMM_LOAD_MULTIBOOT_H
#define VMM_LOAD_MULTIBOOT_H

#include "lib/err.h"
#include "lib/span.h"

struct multiboot_image {
	bool addressed; /* the header says where to load (a.out kludge); else it is an ELF file */
	uint64_t file_at, file_bytes, load_at, bytes;
	uint32_t entry;
};

/* The address fields, of either version's header. */
struct multiboot_addresses {
	uint32_t header, load, load_end, bss_end;
};

/* NULL, or what is wrong with the file. */
must_check const char *multiboot_parse(const struct span *file, struct multiboot_image *out);

/* What the addresses of a header at byte `at` of a file say: fills `out` but for the entry. NULL,
   or what is wrong with them. */
must_check const char *multiboot_parse_addresses(const struct multiboot_addresses *a, uint64_t at,
						 uint64_t bytes, struct multiboot_image *out);

#endif
