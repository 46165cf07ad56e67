/*
 * ELF program headers (System V ABI, chapter 5). Called by the native and the Multiboot loader. The
 * two classes differ in the width of fields; they are brought to one form first.
 */
#include "vmm/load_elf.h"

#include "lib/addr.h"
#include "lib/bits.h"
#include "lib/string.h"

#define CLASS_32     1
#define CLASS_64     2
#define LITTLE       1
#define TYPE_EXEC    2
#define TYPE_DYN     3
#define MACHINE_386  3
#define MACHINE_X64  62
#define SEGMENT_LOAD 1

struct header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
};

struct header32 {
	struct header h;
	uint32_t entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum;
} PACKED;

struct header64 {
	struct header h;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum;
} PACKED;

struct program32 {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct program64 {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* Where the program headers are. */
struct table {
	uint64_t at;
	unsigned count, bytes;
};

static bool read_at(const void *data, uint64_t total, uint64_t at, void *to, size_t bytes)
{
	if (!range_within(at, bytes, total))
		return false;
	memcpy(to, (const uint8_t *)data + at, bytes);
	return true;
}

static bool parse_header(const void *data, uint64_t bytes, struct elf_image *out, struct table *t)
{
	struct header32 h32;
	struct header64 h64;

	if (out->wide) {
		if (!read_at(data, bytes, 0, &h64, sizeof(h64)))
			return false;
		out->entry = h64.entry;
		*t = (struct table){ h64.phoff, h64.phnum, h64.phentsize };
		return t->bytes == sizeof(struct program64);
	}
	if (!read_at(data, bytes, 0, &h32, sizeof(h32)))
		return false;
	out->entry = h32.entry;
	*t = (struct table){ h32.phoff, h32.phnum, h32.phentsize };
	return t->bytes == sizeof(struct program32);
}

static bool parse_program(const void *data, uint64_t bytes, bool wide, uint64_t at,
			  struct program64 *p)
{
	struct program32 q;

	if (wide)
		return read_at(data, bytes, at, p, sizeof(*p));
	if (!read_at(data, bytes, at, &q, sizeof(q)))
		return false;
	*p = (struct program64){ .type = q.type,
				 .flags = q.flags,
				 .offset = q.offset,
				 .vaddr = q.vaddr,
				 .paddr = q.paddr,
				 .filesz = q.filesz,
				 .memsz = q.memsz,
				 .align = q.align };
	return true;
}

/* Takes a loadable segment over; NULL or what is wrong with it. */
static const char *add_segment(struct elf_image *out, const struct program64 *p, uint64_t total)
{
	if (!range_within(p->offset, p->filesz, total))
		return "a segment ends behind the end of the file: it is truncated";
	if (p->filesz > p->memsz)
		return "a segment is longer in the file than in memory";
	if (!range_within(p->paddr, p->memsz, BIT(52)))
		return "a segment's address is out of range";
	if (out->segments == ELF_SEGMENTS)
		return "more than 16 loadable segments";
	out->segment[out->segments++] =
		(struct elf_segment){ p->paddr, p->offset, p->filesz, p->memsz };
	out->low = MIN(out->low, p->paddr);
	out->high = MAX(out->high, p->paddr + p->memsz);
	if (out->entry - p->vaddr < p->memsz)
		out->entry_at = p->paddr + (out->entry - p->vaddr);
	return NULL;
}

static const char *check_ident(const struct header *h, uint64_t bytes, struct elf_image *out)
{
	if (bytes < sizeof(*h) || memcmp(h->ident, "\177ELF", 4))
		return "not an ELF file";
	if (h->ident[5] != LITTLE || (h->ident[4] != CLASS_32 && h->ident[4] != CLASS_64))
		return "not a little-endian ELF32 or ELF64 file";
	if (h->machine != MACHINE_386 && h->machine != MACHINE_X64)
		return "an ELF file for another processor than x86";
	if (h->type != TYPE_EXEC && h->type != TYPE_DYN)
		return "an ELF file that is not executable (a linker's input?)";
	out->wide = h->ident[4] == CLASS_64;
	out->relative = h->type == TYPE_DYN;
	return NULL;
}

static const char *parse(const void *data, uint64_t bytes, struct elf_image *out)
{
	struct header h = { 0 };
	const char *wrong;
	struct table t;

	memcpy(&h, data, MIN(bytes, sizeof(h)));
	wrong = check_ident(&h, bytes, out);
	if (wrong)
		return wrong;
	if (!parse_header(data, bytes, out, &t))
		return "a broken ELF header";
	out->low = ~0ull;
	out->entry_at = out->entry;
	for (unsigned n = 0; n < t.count; n++) {
		struct program64 p;

		if (t.at > bytes ||
		    !parse_program(data, bytes, out->wide, t.at + (uint64_t)n * t.bytes, &p))
			return "the program headers end behind the end of the file: it is "
			       "truncated";
		wrong = p.type == SEGMENT_LOAD && p.memsz ? add_segment(out, &p, bytes) : NULL;
		if (wrong)
			return wrong;
	}
	return out->segments ? NULL : "an ELF file without a loadable segment";
}

enum err elf_parse(const void *data, uint64_t bytes, struct elf_image *out, const char **why)
{
	memset(out, 0, sizeof(*out));
	*why = parse(data, bytes, out);
	return *why ? ERR_FORMAT : OK;
}
