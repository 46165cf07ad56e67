/*
 * The Multiboot 1 header of an image, and where its address form says the bytes go. Pure: tested on
 * the host.
 */
#ifndef VMM_LOAD_MULTIBOOT_H
#define VMM_LOAD_MULTIBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct multiboot_image {
	bool addressed; /* the header says where to load (a.out kludge); else it is an ELF file */
	uint64_t file_at, file_bytes, load_at, bytes;
	uint32_t entry;
};

/* Errors: FORMAT, with *why a constant text. */
must_check enum err multiboot_parse(const void *data, uint64_t bytes, struct multiboot_image *out,
				    const char **why);

#endif
