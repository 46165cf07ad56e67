/*
 * ELF program headers (System V ABI, chapter 5). Called by the native and the Multiboot loader. The
 * two classes differ in where fields lie and in the width of addresses: struct layout.
 */
#include "vmm/load_elf.h"

#include "lib/bits.h"

#define CLASS_32     1
#define CLASS_64     2
#define LITTLE       1
#define TYPE_EXEC    2
#define TYPE_DYN     3
#define MACHINE_386  3
#define MACHINE_X64  62
#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4

#define PROGRAMS_MOST 64 /* program headers of an image */

#define NOTE_HEADER    12
#define NOTES_MOST     4096 /* bytes that are looked through, of each segment of notes */
#define NOTE_PVH_ENTRY 18   /* XEN_ELFNOTE_PHYS32_ENTRY */

/* The same in both classes. */
#define IDENT_CLASS  4
#define IDENT_DATA   5
#define TYPE         16
#define MACHINE      18
#define HEADER_BYTES 20
#define PROGRAM_TYPE 0

/* Where a class has its fields; `width` is that of an address or size. */
struct layout {
	uint8_t width;
	uint8_t entry, phoff, phentsize, phnum; /* in the header */
	/* In a program header of `bytes`. */
	uint8_t offset, vaddr, paddr, filesz, memsz, align, bytes;
};

static const struct layout layout32 = { 4, 24, 28, 42, 44, 4, 8, 12, 16, 20, 28, 32 };
static const struct layout layout64 = { 8, 24, 32, 54, 56, 8, 16, 24, 32, 40, 48, 56 };

/* Takes a loadable segment over; NULL or what is wrong with it. */
static const char *add_segment(struct elf_image *out, const struct span *p, const struct layout *l,
			       uint64_t total)
{
	struct elf_segment s = {
		.address = span_field(p, l->paddr, l->width),
		.offset = span_field(p, l->offset, l->width),
		.file_bytes = span_field(p, l->filesz, l->width),
		.bytes = span_field(p, l->memsz, l->width),
	};
	uint64_t into = out->entry - span_field(p, l->vaddr, l->width);

	if (!s.bytes)
		return NULL;
	if (!range_within(s.offset, s.file_bytes, total))
		return "a segment ends behind the end of the file: it is truncated";
	if (s.file_bytes > s.bytes)
		return "a segment is longer in the file than in memory";
	if (!range_within(s.address, s.bytes, BIT(52)))
		return "a segment's address is out of range";
	if (out->segments == ELF_SEGMENTS)
		return "more than 16 loadable segments";
	out->segment[out->segments++] = s;
	out->low = MIN(out->low, s.address);
	out->high = MAX(out->high, s.address + s.bytes);
	if (into < s.bytes)
		out->entry_at = s.address + into;
	return NULL;
}

/* The note whose header is at `at` has this name and type and so many bytes of data, at `data`. */
static bool is_note(const struct span *notes, uint64_t at, uint64_t data, const char *name,
		    uint32_t type, size_t bytes)
{
	size_t name_bytes = strlen(name) + 1;

	return span_field(notes, at, 4) == name_bytes && span_field(notes, at + 8, 4) == type &&
	       range_within(data, bytes, notes->bytes) &&
	       !memcmp(notes->at + at + NOTE_HEADER, name, name_bytes);
}

/* Looks for what we know among the notes of a segment (System V ABI, "Note Section"). */
static void read_notes(struct elf_image *out, const struct span *file, const struct span *p,
		       const struct layout *l)
{
	uint64_t at = span_field(p, l->offset, l->width),
		 bytes = span_field(p, l->filesz, l->width);
	unsigned align = span_field(p, l->align, l->width) == 8 ? 8 : 4;
	struct span notes;

	if (!range_within(at, bytes, file->bytes))
		return;
	bytes = MIN(bytes, NOTES_MOST);
	notes = (struct span){ file->at + at, bytes };
	for (at = 0; range_within(at, NOTE_HEADER, bytes);) {
		uint64_t name_bytes = span_field(&notes, at, 4);
		uint64_t data = align_up(at + NOTE_HEADER + name_bytes, align);

		if (is_note(&notes, at, data, "Xen", NOTE_PVH_ENTRY, 4))
			out->pvh_entry = (uint32_t)span_field(&notes, data, 4);
		if (is_note(&notes, at, data, HV_NOTE_NAME, HV_NOTE_STATE, sizeof(out->state)))
			memcpy(&out->state, notes.at + data, sizeof(out->state));
		at = align_up(data + span_field(&notes, at + 4, 4), align);
	}
}

static const char *check_header(const struct span *file, struct elf_image *out)
{
	uint64_t class = span_field(file, IDENT_CLASS, 1), type = span_field(file, TYPE, 2);
	uint64_t machine = span_field(file, MACHINE, 2);

	if (file->bytes < HEADER_BYTES || memcmp(file->at, "\177ELF", 4))
		return "not an ELF file";
	if (span_field(file, IDENT_DATA, 1) != LITTLE || (class != CLASS_32 && class != CLASS_64))
		return "not a little-endian ELF32 or ELF64 file";
	if (machine != MACHINE_386 && machine != MACHINE_X64)
		return "an ELF file for another processor than x86";
	if (type != TYPE_EXEC && type != TYPE_DYN)
		return "an ELF file that is not executable (a linker's input?)";
	out->wide = class == CLASS_64;
	out->relative = type == TYPE_DYN;
	return NULL;
}

const char *elf_parse(const struct span *file, struct elf_image *out)
{
	const struct layout *l;
	const char *wrong;
	uint64_t table;

	*out = (struct elf_image){ .low = ~0ull };
	wrong = check_header(file, out);
	if (wrong)
		return wrong;
	l = out->wide ? &layout64 : &layout32;
	if (span_field(file, l->phentsize, 2) != l->bytes)
		return "a broken ELF header";
	out->entry = out->entry_at = span_field(file, l->entry, l->width);
	table = span_field(file, l->phoff, l->width);
	if (span_field(file, l->phnum, 2) > PROGRAMS_MOST)
		return "more than 64 program headers";
	for (uint64_t n = 0; n < span_field(file, l->phnum, 2); n++) {
		struct span p = { NULL, l->bytes };

		if (table > file->bytes ||
		    !range_within(table + n * l->bytes, l->bytes, file->bytes))
			return "the program headers end behind the end of the file: it is "
			       "truncated";
		p.at = file->at + table + n * l->bytes;
		if (span_field(&p, PROGRAM_TYPE, 4) == SEGMENT_LOAD)
			wrong = add_segment(out, &p, l, file->bytes);
		if (span_field(&p, PROGRAM_TYPE, 4) == SEGMENT_NOTE)
			read_notes(out, file, &p, l);
		if (wrong)
			return wrong;
	}
	return out->segments ? NULL : "an ELF file without a loadable segment";
}
