/*
 * Instruction decoding (SDM 2A 2, APM 3 1) for emulate.c: prefixes, opcode by table, ModRM and SIB,
 * immediate. The cursor never reads behind the bytes that were fetched: it notes that it came
 * short, and the one check for that is at the end.
 */
#include "vmm/decode.h"

#include "lib/bits.h"
#include "vmm/decode_bytes.h"

enum form {
	FORM_NONE,
	FORM_MEM_REG,
	FORM_REG_MEM,
	FORM_MEM_IMM,
	FORM_MEM,
	FORM_SOURCE_MEM,
	FORM_ACC_OFFSET,
	FORM_OFFSET_ACC,
	FORM_STRING,
	FORM_GROUP_ALU, /* from here on: op and form depend on modrm.reg */
	FORM_GROUP_8F,
	FORM_GROUP_C6,
	FORM_GROUP_F6,
	FORM_GROUP_FE,
	FORM_GROUP_FF,
	FORM_GROUP_BA,
	FORM_COUNT,
};

enum {
	F_BYTE = 1,    /* operand of one byte */
	F_IMM1 = 2,    /* immediate of one byte, sign-extended */
	F_STACK = 4,   /* 8 bytes by default in 64-bit code */
	F_SOURCE1 = 8, /* source of 1, 2, 4 bytes */
	F_SOURCE2 = 16,
	F_SOURCE4 = 32,
	F_ONLY64 = 64,       /* another instruction outside 64-bit code */
	F_NONTEMPORAL = 128, /* never 2 bytes */
	F_WORD = 0,          /* 2, 4, 8 bytes: nothing special, for the reader */
};

struct entry {
	uint8_t op, form, flags;
};

static const struct entry one_byte[256] = {
#define ONE(opcode, o, f, fl) [opcode] = { INSN_##o, FORM_##f, fl },
#define TWO(opcode, o, f, fl)
#define GROUP(group, reg, o, f)
#include "vmm/decode.def"
#undef ONE
#undef TWO
};

static const struct entry two_byte[256] = {
#define ONE(opcode, o, f, fl)
#define TWO(opcode, o, f, fl) [opcode] = { INSN_##o, FORM_##f, fl },
#include "vmm/decode.def"
#undef ONE
#undef TWO
#undef GROUP
};

static const struct entry groups[FORM_COUNT][8] = {
#define ONE(opcode, o, f, fl)
#define TWO(opcode, o, f, fl)
#define GROUP(group, reg, o, f) [FORM_##group][reg] = { INSN_##o, FORM_##f, 0 },
#include "vmm/decode.def"
#undef ONE
#undef TWO
#undef GROUP
};

static const struct entry movbe_load = { INSN_MOVBE, FORM_REG_MEM, 0 };
static const struct entry movbe_store = { INSN_MOVBE, FORM_MEM_REG, 0 };
static const struct entry vector = { INSN_VECTOR, FORM_REG_MEM, 0 };
static const struct entry unknown = { INSN_NONE, FORM_NONE, 0 };

/* Which opcode map, and the entry there. A VEX prefix is told from LES and LDS by what would be
   their mod field; its payload is skipped. */
static const struct entry *find_entry(struct bytes *b, const struct prefixes *p,
				      unsigned code_bytes)
{
	uint8_t opcode = bytes_next(b);

	if ((opcode == 0xc4 || opcode == 0xc5) && (code_bytes == 8 || bytes_peek(b) >= 0xc0)) {
		bytes_signed(b, opcode == 0xc4 ? 2 : 1);
		bytes_next(b);
		return &vector;
	}
	if (opcode != 0x0f)
		return &one_byte[opcode];
	opcode = bytes_next(b);
	if (opcode != 0x38)
		return &two_byte[opcode];
	opcode = bytes_next(b);
	if (p->rep || p->repne || (opcode != 0xf0 && opcode != 0xf1))
		return &unknown;
	return opcode == 0xf0 ? &movbe_load : &movbe_store;
}

static unsigned operand_bytes(const struct prefixes *p, unsigned flags, unsigned code_bytes)
{
	bool flip = p->operand_size && !(flags & F_NONTEMPORAL);

	if (flags & F_BYTE)
		return 1;
	if (p->rex & REX_W)
		return 8;
	if (code_bytes == 2)
		return flip ? 4 : 2;
	if (flip)
		return 2;
	return code_bytes == 8 && (flags & F_STACK) ? 8 : 4;
}

static unsigned source_bytes(unsigned flags, unsigned bytes)
{
	if (flags & F_SOURCE1)
		return 1;
	if (flags & F_SOURCE2)
		return 2;
	return flags & F_SOURCE4 ? 4 : bytes;
}

/* The register operand; without REX, byte registers 4..7 are AH, CH, DH, BH. */
static void set_reg(struct insn *i, const struct prefixes *p, unsigned n, unsigned bytes)
{
	i->high = bytes == 1 && !p->rex && n >= 4;
	i->reg = i->high ? n - 4 : n;
}

static void set_places(struct insn *i, unsigned form)
{
	static const uint8_t places[FORM_COUNT][2] = {
		[FORM_MEM_REG] = { PLACE_MEM, PLACE_REG },
		[FORM_REG_MEM] = { PLACE_REG, PLACE_MEM },
		[FORM_MEM_IMM] = { PLACE_MEM, PLACE_IMM },
		[FORM_MEM] = { PLACE_MEM, PLACE_NONE },
		[FORM_SOURCE_MEM] = { PLACE_NONE, PLACE_MEM },
		[FORM_ACC_OFFSET] = { PLACE_REG, PLACE_MEM },
		[FORM_OFFSET_ACC] = { PLACE_MEM, PLACE_REG },
	};

	i->dst = places[form][0];
	i->src = places[form][1];
}

/* LOCK is an error except before instructions that read, change and write memory. */
static bool lock_fits(const struct insn *i)
{
	bool changes = (i->op <= INSN_XOR) || (i->op >= INSN_INC && i->op <= INSN_NEG) ||
		       (i->op >= INSN_BTS && i->op <= INSN_BTC) ||
		       (i->op >= INSN_XCHG && i->op <= INSN_CMPXCHG);

	return !i->lock || (changes && i->dst == PLACE_MEM);
}

/* ModRM and what it decides, then the immediate. False: not ours. */
static bool decode_operands(struct insn *i, struct bytes *b, const struct prefixes *p,
			    const struct entry *e, unsigned code_bytes)
{
	struct modrm m;
	unsigned form = e->form;

	if (form == FORM_STRING)
		return true;
	if (form == FORM_ACC_OFFSET || form == FORM_OFFSET_ACC) {
		set_places(i, form);
		i->base = i->index = INSN_NO_REG;
		i->disp = bytes_offset(b, i->addr_bytes);
		return true;
	}
	if (!modrm_decode(b, p, code_bytes, i, &m))
		return false;
	i->op = e->op;
	if (form == FORM_GROUP_ALU) {
		i->op = INSN_ADD + (m.reg & 7);
		form = FORM_MEM_IMM;
	} else if (form > FORM_GROUP_ALU) {
		i->op = groups[e->form][m.reg & 7].op;
		form = groups[e->form][m.reg & 7].form;
	}
	set_places(i, form);
	set_reg(i, p, m.reg, i->bytes);
	if (i->op == INSN_PUSH && code_bytes == 8 && i->bytes == 4)
		i->bytes = i->source_bytes = 8;
	if (form == FORM_MEM_IMM)
		i->imm = bytes_signed(b, e->flags & F_IMM1 ? 1 : MIN(i->bytes, 4));
	return i->op != INSN_NONE && form != FORM_NONE;
}

enum err insn_decode(const uint8_t *code, size_t count, unsigned code_bytes, struct insn *insn)
{
	struct bytes b = { .code = code, .count = MIN(count, INSN_BYTES_MAX) };
	const struct entry *e;
	struct prefixes p;
	bool known;

	*insn = (struct insn){ 0 };
	prefixes_decode(&b, code_bytes, &p);
	e = find_entry(&b, &p, code_bytes);
	insn->op = e->op;
	insn->lock = p.lock;
	insn->rep = p.rep;
	insn->repne = p.repne;
	insn->bytes = operand_bytes(&p, e->flags, code_bytes);
	insn->source_bytes = source_bytes(e->flags, insn->bytes);
	insn->addr_bytes = p.addr_bytes;
	insn->segment = p.segment == SEGMENT_DEFAULT ? INSN_SEG_DS : p.segment;
	known = e->form != FORM_NONE && !((e->flags & F_ONLY64) && code_bytes != 8) &&
		decode_operands(insn, &b, &p, e, code_bytes);
	insn->length = b.at;
	if (b.overrun)
		return count < INSN_BYTES_MAX ? ERR_RANGE : ERR_FORMAT;
	if (!known || !lock_fits(insn))
		return ERR_FORMAT;
	return insn->op == INSN_VECTOR ? ERR_UNSUPPORTED : OK;
}
