/*
 * Where images of other people's kernels go: the place that they name, if it is free RAM of the
 * domain. What a loader adds itself lies in low memory, page 0 left alone, and the module at the
 * end of the first RAM above 1 MiB, where nobody loads:
 *
 *   0x8000 GDT   0x9000 information   0xb000
 */
#ifndef VMM_LOADER_PLACE_H
#define VMM_LOADER_PLACE_H

#include "vmm/load_elf.h"
#include "vmm/loader_mode.h"

#define LOADER_GDT_AT   0x8000u
#define LOADER_INFO_AT  0x9000u
#define LOADER_INFO_END 0xb000u
#define LOADER_HIGH_AT  0x100000ull

/* True if [at, at+bytes) is RAM that neither the loader nor the ACPI tables take. */
bool loader_is_free(const struct domain *d, uint64_t at, uint64_t bytes);

/* `file_bytes` of the image from `offset` on go to `at`; `bytes` are taken there, the rest of them
   is zero. Refuses with a message. Errors: RANGE. */
must_check enum err loader_place(const struct loader *l, uint64_t at, uint64_t bytes,
				 uint64_t offset, uint64_t file_bytes);

/* Every segment, `shift` bytes above its own address. Errors: RANGE. */
must_check enum err loader_place_elf(const struct loader *l, const struct elf_image *elf,
				     uint64_t shift);

/* The module, page-aligned, clear of the kernel in [low, high); *at is 0 if there is none.
   Errors: RANGE. */
must_check enum err loader_place_module(const struct loader *l, uint64_t low, uint64_t high,
					uint64_t *at);

#endif
