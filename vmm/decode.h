/*
 * The decoder of instructions that touch device memory: bytes in, struct insn out. Driven by the
 * table decode.def; knows nothing of vCPUs. Pure: tested on the host and fuzzed.
 */
#ifndef VMM_DECODE_H
#define VMM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define INSN_BYTES_MAX 15

enum insn_op {
	INSN_NONE,
	/* in the order of opcode bits 5:3 and of groups 1 and 2 */
	INSN_ADD,
	INSN_OR,
	INSN_ADC,
	INSN_SBB,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_CMP,
	INSN_TEST,
	INSN_INC,
	INSN_DEC,
	INSN_NOT,
	INSN_NEG,
	INSN_BT,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_MOV,
	INSN_MOVZX,
	INSN_MOVSX,
	INSN_MOVBE,
	INSN_XCHG,
	INSN_XADD,
	INSN_CMPXCHG,
	INSN_PUSH,
	INSN_POP,
	INSN_MOVS, /* strings: memory at [rsi], [rdi] and rax are implied */
	INSN_CMPS,
	INSN_STOS,
	INSN_LODS,
	INSN_SCAS,
	INSN_INS, /* not in the decoder's table: pio_string.c has them from their exit */
	INSN_OUTS,
	INSN_VECTOR, /* an SSE or AVX move: known, not emulated */
};

enum insn_place { PLACE_NONE, PLACE_REG, PLACE_MEM, PLACE_IMM };

#define INSN_NO_REG 0xff

struct insn {
	uint8_t op; /* enum insn_op */
	uint8_t length;
	uint8_t dst, src;     /* enum insn_place */
	uint8_t bytes;        /* operand size: 1, 2, 4, 8 */
	uint8_t source_bytes; /* MOVZX, MOVSX: of the source; else = bytes */
	uint8_t reg;          /* number of the register operand */
	bool high;            /* which is AH, CH, DH or BH: reg is 0..3 */
	bool lock, rep, repne;

	/* the memory operand, or the source of a string: offset = base + index * scale + disp, cut
	   to addr_bytes */
	uint8_t addr_bytes;
	uint8_t segment; /* enum vcpu_seg */
	uint8_t base, index, scale;
	bool rip_relative; /* + address of the next instruction */
	int64_t disp;

	uint64_t imm; /* sign-extended to 64 bits */
};

/* Decodes the instruction at `code`, of which `count` bytes are there, for a default operand and
   address size of 2, 4 or 8 bytes. Errors: RANGE (more bytes are needed than are there), FORMAT
   (not an instruction with a memory operand that the table knows; register forms, too),
   UNSUPPORTED (it is one, and op and length are valid, but it cannot be emulated: INSN_VECTOR). */
must_check enum err insn_decode(const uint8_t *code, size_t count, unsigned code_bytes,
				struct insn *insn);

/* Length of an instruction without operands that a CPU may leave the guest for (CPUID, HLT, RDMSR,
   VMMCALL...), prefixes included; 0 if the bytes are none. */
unsigned insn_short_length(const uint8_t *code, size_t count, unsigned code_bytes);

/* The same for the most frequent ones without prefixes, by their first four bytes. */
static inline unsigned insn_head_length(uint32_t head)
{
	switch (head & 0xffff) {
	case 0xa20f: /* CPUID */
	case 0x300f: /* WRMSR */
	case 0x320f: /* RDMSR */ return 2;
	case 0x010f: /* VMMCALL, VMCALL */
		return (head >> 16 & 0xff) == 0xd9 || (head >> 16 & 0xff) == 0xc1 ? 3 : 0;
	default: return (head & 0xff) == 0xf4; /* HLT */
	}
}

/* MOV to a debug register: the numbers of both. False if it is something else. */
bool insn_mov_to_debug(const uint8_t *code, size_t count, unsigned code_bytes, unsigned *debug,
		       unsigned *gpr);

/* What a string instruction's prefixes say: addr_bytes, and the segment that its source is read
   from. */
void insn_string_form(const uint8_t *code, size_t count, unsigned code_bytes, struct insn *insn);

#endif
