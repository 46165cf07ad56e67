/*
 * Initial CPU states and the tables behind them. Segments are the architecture's flat ones; the
 * descriptor words and the segment attributes are two views of the same bits.
 */
#include "vmm/loader_mode.h"

#include "arch/x86/cpu/regs.h"
#include "lib/string.h"
#include "vmm/guestmem.h"
#include "vmm/loader_place.h"

#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)

#define PAT_RESET 0x0007040600070406ull

#define ATTRIBUTES_CODE32 0xc09bu /* present, ring 0, code, readable, accessed, 32 bits, 4 KiB */
#define ATTRIBUTES_CODE64 0xa09bu
#define ATTRIBUTES_DATA   0xc093u
#define ATTRIBUTES_TSS    0x008bu
#define ATTRIBUTES_LDT    0x0082u
#define TSS_LIMIT         0x67

#define TABLE_BITS (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED)
#define ENTRIES    512
#define CHUNK      64

/* A flat descriptor, base 0, limit 0xfffff pages, with these attributes. */
static uint64_t descriptor(unsigned attributes)
{
	return 0x000f00000000ffffull | (uint64_t)attributes << 40;
}

static struct vcpu_segment segment(uint16_t selector, unsigned attributes)
{
	return (struct vcpu_segment){ selector, attributes, UINT32_MAX, 0 };
}

static enum err set_state(const struct loader *l, uint64_t gdt, bool wide)
{
	unsigned code = wide ? ATTRIBUTES_CODE64 : ATTRIBUTES_CODE32;
	uint64_t table[LOADER_GDT_BYTES / 8] = { 0, 0, descriptor(code),
						 descriptor(ATTRIBUTES_DATA) };
	struct vcpu_state *s = &l->entry->state;

	memset(l->entry, 0, sizeof(*l->entry));
	for (unsigned n = 0; n < SEG_COUNT; n++)
		s->segment[n] = segment(LOADER_DATA, ATTRIBUTES_DATA);
	s->segment[SEG_CS] = segment(LOADER_CODE, code);
	s->segment[SEG_TR] = (struct vcpu_segment){ 0, ATTRIBUTES_TSS, TSS_LIMIT, 0 };
	s->segment[SEG_LDTR] = (struct vcpu_segment){ 0, ATTRIBUTES_LDT | SEGMENT_UNUSABLE, 0, 0 };
	s->version = VCPU_STATE_VERSION;
	s->gdtr = (struct vcpu_table){ gdt, LOADER_GDT_BYTES - 1 };
	s->cr0 = CR0_PE | CR0_ET;
	s->dr6 = DR6_RESET;
	s->dr7 = DR7_RESET;
	s->pat = PAT_RESET;
	l->entry->regs.rflags = RFLAGS_FIXED;
	return guest_write(l->d, gpa(gdt), table, sizeof(table)) ? OK : ERR_RANGE;
}

enum err loader_protected_mode(const struct loader *l, uint64_t gdt)
{
	return set_state(l, gdt, false);
}

enum err loader_start32(const struct loader *l, bool told, uint32_t magic, uint64_t entry)
{
	if (!told || loader_protected_mode(l, LOADER_GDT_AT) != OK)
		return loader_refuse(l, ERR_RANGE, "the domain needs RAM from 0 on");
	l->entry->regs.rip = entry;
	l->entry->regs.gpr[GPR_RAX] = magic;
	l->entry->regs.gpr[GPR_RBX] = LOADER_INFO_AT;
	return OK;
}

enum err loader_long_mode(const struct loader *l, uint64_t gdt, uint64_t root)
{
	struct vcpu_state *s = &l->entry->state;
	enum err e = set_state(l, gdt, true);

	s->cr0 |= CR0_PG | CR0_WP | CR0_NE;
	s->cr3 = root;
	s->cr4 = CR4_PAE;
	s->efer = EFER_LME | EFER_LMA;
	return e;
}

/* The table below entry `at`, made if there is none. */
static enum err descend(struct loader_pages *pages, uint64_t at, uint64_t *table)
{
	uint64_t entry;

	if (!guest_read(pages->d, gpa(at), &entry, sizeof(entry)))
		return ERR_RANGE;
	if (entry) {
		*table = page_down(entry);
		return OK;
	}
	if (pages->next + PAGE_SIZE > pages->end ||
	    !guest_zero(pages->d, gpa(pages->next), PAGE_SIZE))
		return ERR_RANGE;
	*table = pages->next;
	pages->next += PAGE_SIZE;
	entry = *table | TABLE_BITS;
	return guest_write(pages->d, gpa(at), &entry, sizeof(entry)) ? OK : ERR_RANGE;
}

/* One page of 2 MiB leaves, which is a GiB. */
static enum err map_gib(struct loader_pages *pages, uint64_t root, uint64_t gib)
{
	uint64_t pdpt, pd, chunk[CHUNK];
	enum err e;

	e = descend(pages, root + (gib / ENTRIES) * 8, &pdpt);
	if (e == OK)
		e = descend(pages, pdpt + (gib % ENTRIES) * 8, &pd);
	for (unsigned n = 0; e == OK && n < ENTRIES; n += CHUNK) {
		for (unsigned i = 0; i < CHUNK; i++)
			chunk[i] = (gib * GIB_1 + (n + i) * MIB_2) | TABLE_BITS | PTE_DIRTY |
				   PTE_LARGE;
		if (!guest_write(pages->d, gpa(pd + n * 8), chunk, sizeof(chunk)))
			e = ERR_RANGE;
	}
	return e;
}

enum err loader_map_1to1(struct loader_pages *pages, uint64_t *root)
{
	const struct domain *d = pages->d;
	enum err e = OK;

	*root = pages->next;
	pages->next += PAGE_SIZE;
	if (pages->next > pages->end || !guest_zero(pages->d, gpa(*root), PAGE_SIZE))
		return ERR_RANGE;
	for (uint64_t gib = 0; gib < 4 && e == OK; gib++)
		e = map_gib(pages, *root, gib);
	for (unsigned n = 0; n < d->extents; n++) {
		uint64_t last = (d->extent[n].gpa.v + d->extent[n].bytes - 1) / GIB_1;

		for (uint64_t gib = MAX(d->extent[n].gpa.v / GIB_1, 4); gib <= last && e == OK;
		     gib++)
			e = map_gib(pages, *root, gib);
	}
	return e;
}

uint64_t loader_map_1to1_pages(const struct domain *d)
{
	uint64_t pages = 1 + 1 + 4; /* PML4, the first PDPT, 4 GiB */

	for (unsigned n = 0; n < d->extents; n++) {
		uint64_t first = d->extent[n].gpa.v / GIB_1;
		uint64_t last = (d->extent[n].gpa.v + d->extent[n].bytes - 1) / GIB_1;

		if (last >= 4)
			pages += last - first + 1 + last / ENTRIES - first / ENTRIES + 1;
	}
	return pages;
}
