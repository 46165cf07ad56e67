/*
 * Prefixes and addressing forms (SDM 2A 2.1, 2.2), and the length of the instructions without
 * operands that a guest leaves for. Called by decode.c.
 */
#include "vmm/decode_bytes.h"

#include "lib/bits.h"

uint8_t bytes_next(struct bytes *b)
{
	if (b->at >= b->count) {
		b->overrun = true;
		return 0;
	}
	return b->code[b->at++];
}

uint8_t bytes_peek(struct bytes *b)
{
	return b->at < b->count ? b->code[b->at] : 0;
}

int64_t bytes_offset(struct bytes *b, unsigned bytes)
{
	uint64_t v = 0;

	if (UNLIKELY(b->count - b->at < (int)bytes)) {
		b->overrun = true;
		b->at = b->count;
		return 0;
	}
	for (unsigned n = bytes; n; n--)
		v = v << 8 | b->code[b->at + n - 1];
	b->at += bytes;
	return (int64_t)v;
}

int64_t bytes_signed(struct bytes *b, unsigned bytes)
{
	unsigned shift = 64 - bytes * 8;

	return (int64_t)((uint64_t)bytes_offset(b, bytes) << shift) >> shift;
}

/* Takes note of a legacy prefix; false if the byte is none. */
static bool note_prefix(struct prefixes *p, uint8_t byte, unsigned code_bytes)
{
	switch (byte) {
	case 0x66: p->operand_size = true; return true;
	case 0x67: p->addr_bytes = code_bytes == 4 ? 2 : 4; return true;
	case 0xf0: p->lock = true; return true;
	case 0xf2:
	case 0xf3:
		p->repne = byte == 0xf2;
		p->rep = byte == 0xf3;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		/* ES, CS, SS, DS in this order; without effect in 64-bit code */
		if (code_bytes != 8)
			p->segment = byte >> 3 & 3;
		return true;
	case 0x64:
	case 0x65: p->segment = byte - 0x60; return true;
	default: return false;
	}
}

void prefixes_decode(struct bytes *b, unsigned code_bytes, struct prefixes *p)
{
	*p = (struct prefixes){ .segment = SEGMENT_DEFAULT, .addr_bytes = code_bytes };

	/* A REX prefix counts only right before the opcode. */
	for (; b->at < b->count; b->at++) {
		uint8_t byte = b->code[b->at];

		if (note_prefix(p, byte, code_bytes))
			p->rex = 0;
		else if (code_bytes == 8 && (byte & 0xf0) == 0x40)
			p->rex = byte;
		else
			return;
	}
}

/* 16-bit forms: pairs of base and index by rm. */
static void memory16(struct bytes *b, struct insn *i, const struct modrm *m)
{
	enum { AX, CX, DX, BX, SP, BP, SI, DI, NO = INSN_NO_REG };
	static const uint8_t base[8] = { BX, BX, BP, BP, SI, DI, BP, BX };
	static const uint8_t index[8] = { SI, DI, SI, DI, NO, NO, NO, NO };

	i->base = base[m->rm];
	i->index = index[m->rm];
	if (m->mod == 0 && m->rm == 6) {
		i->base = INSN_NO_REG;
		i->disp = (uint16_t)bytes_offset(b, 2);
	} else if (m->mod) {
		i->disp = bytes_signed(b, m->mod);
	}
	if (i->base == BP)
		i->segment = INSN_SEG_SS;
}

static void sib_decode(struct bytes *b, const struct prefixes *p, struct insn *i, unsigned mod)
{
	uint8_t sib = bytes_next(b);

	i->scale = 1u << (sib >> 6);
	i->index = (sib >> 3 & 7) | (p->rex & REX_X ? 8 : 0);
	i->base = (sib & 7) | (p->rex & REX_B ? 8 : 0);
	if (i->index == 4)
		i->index = INSN_NO_REG;
	if (mod == 0 && (sib & 7) == 5) {
		i->base = INSN_NO_REG;
		i->disp = bytes_signed(b, 4);
	}
}

static void memory32(struct bytes *b, const struct prefixes *p, unsigned code_bytes, struct insn *i,
		     const struct modrm *m)
{
	if ((m->rm & 7) == 4) {
		sib_decode(b, p, i, m->mod);
	} else if (m->mod == 0 && (m->rm & 7) == 5) {
		i->base = INSN_NO_REG;
		i->rip_relative = code_bytes == 8;
		i->disp = bytes_signed(b, 4);
	} else {
		i->base = m->rm;
	}
	if (m->mod)
		i->disp = bytes_signed(b, m->mod == 1 ? 1 : 4);
	/* rsp and rbp, not r12 and r13 */
	if (i->base == 4 || i->base == 5)
		i->segment = INSN_SEG_SS;
}

bool modrm_decode(struct bytes *b, const struct prefixes *p, unsigned code_bytes, struct insn *i,
		  struct modrm *m)
{
	uint8_t byte = bytes_next(b);

	m->mod = byte >> 6;
	m->reg = (byte >> 3 & 7) | (p->rex & REX_R ? 8 : 0);
	m->rm = byte & 7;
	if (m->mod == 3)
		return false;
	i->base = i->index = INSN_NO_REG;
	i->scale = 1;
	if (i->addr_bytes == 2) {
		memory16(b, i, m);
	} else {
		m->rm |= p->rex & REX_B ? 8 : 0;
		memory32(b, p, code_bytes, i, m);
	}
	if (p->segment != SEGMENT_DEFAULT)
		i->segment = p->segment;
	return true;
}

/* Length behind 0F, prefixes and 0F not counted; 0: not one of them. */
static unsigned two_byte_length(uint8_t opcode)
{
	switch (opcode) {
	case 0x06: /* CLTS */
	case 0x08: /* INVD */
	case 0x09: /* WBINVD */
	case 0x30: /* WRMSR */
	case 0x31: /* RDTSC */
	case 0x32: /* RDMSR */
	case 0x33: /* RDPMC */
	case 0xa2: /* CPUID */
	case 0xaa: /* RSM */ return 1;
	case 0x20: /* MOV to and from CRn, DRn: register forms only */
	case 0x21:
	case 0x22:
	case 0x23: return 2;
	default: return 0;
	}
}

/* Of what begins at the opcode; 0 if it is none of them or not all there. `count` is not 0. */
static unsigned opcode_length(const uint8_t *code, size_t count)
{
	unsigned length;

	if (count >= 2 && code[0] == 0x0f) {
		if (code[1] == 0x01) /* VMCALL, VMMCALL, XSETBV, MONITOR...: 0F 01 C0..FF */
			return count >= 3 && code[2] >= 0xc0 ? 3 : 0;
		length = two_byte_length(code[1]);
		return length && length < count ? 1 + length : 0;
	}
	switch (code[0]) {
	case 0xf4: /* HLT */
	case 0xcc: /* INT3 */
	case 0xce: /* INTO */
	case 0xf1: /* INT1 */
	case 0x90: /* PAUSE, its F3 being a prefix */ return 1;
	case 0xcd: return count >= 2 ? 2 : 0; /* INT n */
	default: return 0;
	}
}

static COLD unsigned prefixed_length(const uint8_t *code, size_t count, unsigned code_bytes)
{
	struct bytes b = { .code = code, .count = MIN(count, INSN_BYTES_MAX) };
	struct prefixes p;
	unsigned length;

	prefixes_decode(&b, code_bytes, &p);
	if (b.at >= b.count)
		return 0;
	length = opcode_length(code + b.at, b.count - b.at);
	return length ? b.at + length : 0;
}

unsigned insn_short_length(const uint8_t *code, size_t count, unsigned code_bytes)
{
	unsigned length = count ? opcode_length(code, count) : 0;

	return LIKELY(length) ? length : prefixed_length(code, count, code_bytes);
}

bool insn_mov_to_debug(const uint8_t *code, size_t count, unsigned code_bytes, unsigned *debug,
		       unsigned *gpr)
{
	struct bytes b = { .code = code, .count = MIN(count, INSN_BYTES_MAX) };
	struct prefixes p;
	uint8_t modrm;

	prefixes_decode(&b, code_bytes, &p);
	if (bytes_next(&b) != 0x0f || bytes_next(&b) != 0x23)
		return false;
	/* mod is ignored: the operand is always a register. */
	modrm = bytes_next(&b);
	*debug = (modrm >> 3 & 7) | (p.rex & REX_R ? 8 : 0);
	*gpr = (modrm & 7) | (p.rex & REX_B ? 8 : 0);
	return !b.overrun;
}

void insn_string_form(const uint8_t *code, size_t count, unsigned code_bytes, struct insn *insn)
{
	struct bytes b = { .code = code, .count = MIN(count, INSN_BYTES_MAX) };
	struct prefixes p;

	prefixes_decode(&b, code_bytes, &p);
	insn->segment = p.segment == SEGMENT_DEFAULT ? INSN_SEG_DS : p.segment;
	insn->addr_bytes = p.addr_bytes;
}
