/*
 * Arithmetic flags (SDM 1 3.4.3.1). Called by emulate.c for device memory as an operand.
 */
#include "vmm/emulate_alu.h"

#include "arch/x86/cpu/regs.h"

#define STATUS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static uint64_t sign_of(unsigned bytes)
{
	return BIT(bytes * 8 - 1);
}

/* Sets ZF, SF and PF by a result and the others as given. */
static void set_flags(uint64_t *rflags, uint64_t result, unsigned bytes, uint64_t others)
{
	uint64_t f = others;

	if (!(result & ones(bytes)))
		f |= RFLAGS_ZF;
	if (result & sign_of(bytes))
		f |= RFLAGS_SF;
	if (!__builtin_parity(result & 0xff))
		f |= RFLAGS_PF;
	*rflags = (*rflags & ~STATUS) | f;
}

/* Carries out of each bit of a sum, or borrows of a difference, tell CF, AF and OF. */
static uint64_t carry_flags(uint64_t carries, uint64_t overflow, unsigned bytes)
{
	uint64_t sign = sign_of(bytes);

	return (carries & sign ? RFLAGS_CF : 0) | (carries & 8 ? RFLAGS_AF : 0) |
	       (overflow & sign ? RFLAGS_OF : 0);
}

static uint64_t add(uint64_t a, uint64_t b, unsigned carry, unsigned bytes, uint64_t *rflags)
{
	uint64_t r = a + b + carry;
	uint64_t carries = (a & b) | ((a | b) & ~r);

	set_flags(rflags, r, bytes, carry_flags(carries, (a ^ r) & (b ^ r), bytes));
	return r;
}

static uint64_t subtract(uint64_t a, uint64_t b, unsigned borrow, unsigned bytes, uint64_t *rflags)
{
	uint64_t r = a - b - borrow;
	uint64_t borrows = (~a & b) | ((~a | b) & r);

	set_flags(rflags, r, bytes, carry_flags(borrows, (a ^ b) & (a ^ r), bytes));
	return r;
}

static uint64_t logic(uint64_t r, unsigned bytes, uint64_t *rflags)
{
	set_flags(rflags, r, bytes, 0);
	return r;
}

/* INC and DEC leave CF alone. */
static uint64_t step(uint64_t a, bool down, unsigned bytes, uint64_t *rflags)
{
	uint64_t carry = *rflags & RFLAGS_CF;
	uint64_t r = down ? subtract(a, 1, 0, bytes, rflags) : add(a, 1, 0, bytes, rflags);

	*rflags = (*rflags & ~RFLAGS_CF) | carry;
	return r;
}

static uint64_t bit(enum insn_op op, uint64_t a, uint64_t number, unsigned bytes, uint64_t *rflags)
{
	uint64_t mask = BIT(number & (bytes * 8 - 1));

	*rflags = (*rflags & ~RFLAGS_CF) | (a & mask ? RFLAGS_CF : 0);
	switch (op) {
	case INSN_BTS: return a | mask;
	case INSN_BTR: return a & ~mask;
	case INSN_BTC: return a ^ mask;
	default: return a;
	}
}

uint64_t emulate_alu(enum insn_op op, uint64_t dst, uint64_t src, unsigned bytes, uint64_t *rflags)
{
	unsigned carry = *rflags & RFLAGS_CF;

	switch (op) {
	case INSN_ADD: return add(dst, src, 0, bytes, rflags);
	case INSN_ADC: return add(dst, src, carry, bytes, rflags);
	case INSN_SUB: return subtract(dst, src, 0, bytes, rflags);
	case INSN_SBB: return subtract(dst, src, carry, bytes, rflags);
	case INSN_OR: return logic(dst | src, bytes, rflags);
	case INSN_AND: return logic(dst & src, bytes, rflags);
	case INSN_XOR: return logic(dst ^ src, bytes, rflags);
	case INSN_CMP: subtract(dst, src, 0, bytes, rflags); return dst;
	case INSN_TEST: logic(dst & src, bytes, rflags); return dst;
	case INSN_INC: return step(dst, false, bytes, rflags);
	case INSN_DEC: return step(dst, true, bytes, rflags);
	case INSN_NOT: return ~dst;
	case INSN_NEG: return subtract(0, dst, 0, bytes, rflags);
	default: return bit(op, dst, src, bytes, rflags);
	}
}
