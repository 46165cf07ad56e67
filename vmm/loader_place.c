/*
 * Puts kernels and their module into RAM. Called by the loaders of protocols whose images say where
 * they want to be (Multiboot, Multiboot2, PVH); the RAM was scrubbed, so bss is zero already.
 */
#include "vmm/loader_place.h"

#include "abi/platform.h"
#include "lib/bits.h"
#include "vmm/guestmem.h"
#include "vmm/loader_map.h"

bool loader_is_free(const struct domain *d, uint64_t at, uint64_t bytes)
{
	const struct extent *ram = loader_ram_at(d, at);

	return ram && range_within(at - ram->gpa.v, bytes, ram->bytes) &&
	       !range_overlaps(at, bytes, LOADER_GDT_AT, LOADER_INFO_END - LOADER_GDT_AT) &&
	       !range_overlaps(at, bytes, HV_GUEST_ACPI, HV_GUEST_ACPI_BYTES);
}

enum err loader_place(const struct loader *l, uint64_t at, uint64_t bytes, uint64_t offset,
		      uint64_t file_bytes)
{
	if (loader_is_free(l->d, at, bytes) &&
	    guest_write(l->d, gpa(at), l->images->image.at + offset, file_bytes))
		return OK;
	return loader_refuse(l, ERR_RANGE,
			     "the image wants %#lx..%#lx, which is not free RAM of the domain: "
			     "give it more memory, or link it elsewhere",
			     at, at + bytes);
}

enum err loader_place_elf(const struct loader *l, const struct elf_image *elf, uint64_t shift)
{
	enum err e = OK;

	for (unsigned n = 0; n < elf->segments && e == OK; n++) {
		const struct elf_segment *s = &elf->segment[n];

		e = loader_place(l, s->address + shift, s->bytes, s->offset, s->file_bytes);
	}
	return e;
}

enum err loader_place_module(const struct loader *l, uint64_t low, uint64_t high, uint64_t *at)
{
	const struct extent *ram = loader_ram_at(l->d, LOADER_HIGH_AT);
	const struct span *module = &l->images->initrd;
	uint64_t end = ram ? MIN(ram->gpa.v + ram->bytes, HV_GUEST_HIGH) : 0;

	*at = 0;
	if (!module->bytes)
		return OK;
	*at = module->bytes < end ? page_down(end - module->bytes) : 0;
	if (*at >= LOADER_HIGH_AT && !range_overlaps(*at, module->bytes, low, high - low) &&
	    guest_write(l->d, gpa(*at), module->at, module->bytes))
		return OK;
	return loader_refuse(l, ERR_RANGE,
			     "a module of %lu KiB does not fit behind the image: give the domain "
			     "more memory",
			     module->bytes >> 10);
}
