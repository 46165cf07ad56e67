/*
 * The header of a Linux kernel image, checked (Linux Documentation/arch/x86/boot.rst). Pure: tested
 * on the host and fuzzed.
 */
#ifndef VMM_LOAD_LINUX_H
#define VMM_LOAD_LINUX_H

#include "lib/err.h"
#include "lib/span.h"

#define LINUX_HEADER_AT  0x1f1u /* of the setup header, in the file and in the zero page */
#define LINUX_HEADER_MAX 0x7fu

struct linux_image {
	uint64_t kernel_at, kernel_bytes; /* the protected-mode part, in the file */
	uint64_t load_at;                 /* where it would like to be */
	uint64_t init_bytes; /* memory that it takes from there on until it knows more */
	uint64_t align;
	uint64_t initrd_max; /* highest address of the initrd's last byte */
	uint32_t cmdline_max;
	uint32_t header_bytes; /* to copy from LINUX_HEADER_AT */
	bool relocatable;
	bool wide; /* has the 64-bit entry */
};

/* NULL, or what is wrong with the file. */
must_check const char *linux_parse(const struct span *file, struct linux_image *out);

#endif
