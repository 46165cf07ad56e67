/*
 * What a loader wants to know of an ELF file, checked: every segment lies within the file and none
 * wraps. ELF32 and ELF64, little-endian, x86. Pure: tested on the host and fuzzed.
 */
#ifndef VMM_LOAD_ELF_H
#define VMM_LOAD_ELF_H

#include "abi/boot.h"
#include "lib/err.h"
#include "lib/span.h"

#define ELF_SEGMENTS 16

struct elf_segment {
	uint64_t address;            /* physical */
	uint64_t offset, file_bytes; /* in the file */
	uint64_t bytes;              /* in memory, >= file_bytes; the rest is zero */
};

struct elf_image {
	bool wide;                  /* ELF64 */
	bool relative;              /* ET_DYN: may be loaded anywhere */
	uint64_t entry;             /* as in the header, a virtual address */
	uint64_t entry_at;          /* the same, physical: through the segment that holds it */
	uint64_t low, high;         /* what the segments cover, physical */
	uint32_t pvh_entry;         /* physical, by Xen's note of it; 0: there is none */
	struct hv_note_state state; /* by our own note; zeros: there is none */
	unsigned segments;
	struct elf_segment segment[ELF_SEGMENTS];
};

/* NULL, or what is wrong with the file. */
must_check const char *elf_parse(const struct span *file, struct elf_image *out);

#endif
