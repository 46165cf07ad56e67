/*
 * Guests of our own: ELF64, position-independent, relocating themselves (abi/boot.h). The image
 * goes to the start of the domain's RAM, or to 1 MiB where RAM begins at 0; what the entry needs
 * goes to the end of that RAM:
 *
 *   image ... free ... | stack | GDT (one page) | page tables | end
 */
#include "abi/boot.h"
#include "abi/platform.h"
#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/load_elf.h"
#include "vmm/loader_map.h"
#include "vmm/loader_mode.h"

#define LOW_LOAD_AT 0x100000ull
#define SMALL_AT    0x1000ull /* where RAM ends below that */

/* The RAM that the image goes to, and from where on. */
struct home {
	uint64_t load_at, end;
};

static bool find_home(const struct domain *d, struct home *h)
{
	for (unsigned n = 0; n < d->extents; n++) {
		const struct extent *e = &d->extent[n];

		if (e->kind != EXTENT_RAM)
			continue;
		*h = (struct home){ e->gpa.v, e->gpa.v + e->bytes };
		if (!h->load_at && h->end > LOW_LOAD_AT)
			h->load_at = LOW_LOAD_AT;
		else if (!h->load_at)
			*h = (struct home){ SMALL_AT, MIN(h->end, HV_GUEST_ACPI) };
		return true;
	}
	return false;
}

static bool load_segments(const struct loader *l, const struct elf_image *elf, uint64_t load_at)
{
	for (unsigned n = 0; n < elf->segments; n++) {
		const struct elf_segment *s = &elf->segment[n];

		if (!guest_write(l->d, gpa(load_at + s->address - elf->low),
				 l->images->image.at + s->offset, s->file_bytes))
			return false;
	}
	return true;
}

/* What must be true before anything is written; *tables: bytes for them. */
static enum err native_check(const struct loader *l, struct elf_image *elf, struct home *h,
			     uint64_t *tables)
{
	const char *wrong = elf_parse(&l->images->image, elf);
	uint64_t bytes;

	if (wrong)
		return loader_refuse(l, ERR_FORMAT, "%s", wrong);
	if (!elf->wide || !elf->relative)
		return loader_refuse(l, ERR_FORMAT,
				     "a native image is an ELF64 PIE: link it with -pie (protocol "
				     "`multiboot` takes fixed ones)");
	elf->low = page_down(elf->low);
	*tables = loader_map_1to1_pages(l->d) * PAGE_SIZE;
	bytes = elf->high - elf->low + HV_BOOT_STACK + PAGE_SIZE + *tables;
	if (!find_home(l->d, h) || !range_within(h->load_at, bytes, h->end))
		return loader_refuse(l, ERR_RANGE,
				     "the image takes %lu KiB, with stack and page tables %lu KiB: "
				     "give the domain more memory",
				     (elf->high - elf->low) >> 10, bytes >> 10);
	return OK;
}

enum err load_native(const struct loader *l)
{
	struct domain *d = l->d;
	struct loader_pages pages = { .d = d };
	uint64_t tables, gdt, root;
	struct elf_image elf;
	struct home h;
	enum err e = native_check(l, &elf, &h, &tables);

	if (e != OK)
		return e;
	pages.next = h.end - tables;
	pages.end = h.end;
	gdt = pages.next - PAGE_SIZE;
	if (!load_segments(l, &elf, h.load_at) || loader_map_1to1(&pages, &root) != OK ||
	    loader_long_mode(l, gdt, root) != OK)
		return loader_refuse(l, ERR_RANGE, "the domain's RAM has a hole in it");
	l->entry->regs.rip = h.load_at + elf.entry_at - elf.low;
	l->entry->regs.gpr[GPR_RSP] = gdt; /* the stack ends where the GDT begins */
	l->entry->regs.gpr[GPR_RDI] = d->boot_gpa;
	l->entry->kept = elf.state;
	return OK;
}

enum err loader_check(struct domain *d, const struct span *image, struct hv_note_state *state,
		      char *why, size_t why_size)
{
	struct loader_images images = { .image = *image };
	struct loader l = { .d = d, .images = &images, .why = why, .why_size = why_size };
	struct elf_image elf;
	uint64_t tables;
	struct home h;
	enum err e = native_check(&l, &elf, &h, &tables);

	*state = elf.state;
	return e;
}
