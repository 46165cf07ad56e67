/*
 * The Multiboot2 header of an image (Multiboot2 Specification 2.0, 3.1). Pure: tested on the host
 * and fuzzed.
 */
#ifndef VMM_LOAD_MULTIBOOT2_H
#define VMM_LOAD_MULTIBOOT2_H

#include "vmm/load_multiboot.h"

enum multiboot2_preference { MULTIBOOT2_ANYWHERE, MULTIBOOT2_LOWEST, MULTIBOOT2_HIGHEST };

struct multiboot2_image {
	struct multiboot_image at; /* as far as the header says it; else it is an ELF file */
	bool has_entry;            /* at.entry, which goes before the ELF file's */
	bool relocatable;          /* may lie in [min, max], aligned */
	uint32_t min, max, align;
	uint32_t preference; /* enum multiboot2_preference */
};

/* NULL, or what is wrong with the file. */
must_check const char *multiboot2_image_parse(const struct span *file,
					      struct multiboot2_image *out);

#endif
