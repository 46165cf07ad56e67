/*
 * Private to decode*.c: the parts that every instruction has, whatever its opcode: the cursor over
 * its bytes, prefixes, ModRM with SIB and displacement.
 */
#ifndef VMM_DECODE_BYTES_H
#define VMM_DECODE_BYTES_H

#include "vmm/decode.h"

struct bytes {
	const uint8_t *code;
	uint8_t at, count;
	bool overrun; /* read behind the end: zeroes were given */
};

#define REX_B 1u
#define REX_X 2u
#define REX_R 4u
#define REX_W 8u

/* enum vcpu_seg's numbers, which are the instruction set's. */
#define INSN_SEG_SS     2
#define INSN_SEG_DS     3
#define SEGMENT_DEFAULT 0xff

struct prefixes {
	uint8_t rex; /* 0: none */
	uint8_t segment;
	uint8_t addr_bytes;
	bool operand_size, lock, rep, repne;
};

struct modrm {
	uint8_t mod, reg, rm; /* REX bits added */
};

uint8_t bytes_next(struct bytes *b);
/* The next byte, without taking it. */
uint8_t bytes_peek(struct bytes *b);
/* 1, 2, 4 or 8 bytes, little-endian, sign-extended. */
int64_t bytes_signed(struct bytes *b, unsigned bytes);
/* The same, zero-extended: the address within A0..A3. */
int64_t bytes_offset(struct bytes *b, unsigned bytes);

void prefixes_decode(struct bytes *b, unsigned code_bytes, struct prefixes *p);

/* Fills insn's memory operand. False for a register form. */
bool modrm_decode(struct bytes *b, const struct prefixes *p, unsigned code_bytes, struct insn *insn,
		  struct modrm *m);

#endif
