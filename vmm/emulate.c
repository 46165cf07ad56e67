/*
 * The MMIO emulator: fetch, decode, address, access, write back. Registers and flags change last,
 * when every access is done, so that an instruction can be begun again after BLOCK or a fault.
 */
#include "vmm/emulate.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/backend.h"
#include "vmm/emulate_alu.h"
#include "vmm/emulate_memory.h"
#include "vmm/io.h"

/* The register operand's value, and how a result is put there. */
static uint64_t get_reg(const struct emulation *m)
{
	const struct insn *i = m->insn;

	return (m->v->regs.gpr[i->reg] >> (i->high ? 8 : 0)) & ones(i->bytes);
}

static void set_reg(struct emulation *m, uint64_t value)
{
	uint64_t *r = &m->v->regs.gpr[m->insn->reg];

	if (m->insn->high)
		*r = (*r & ~MASK(15, 8)) | (value & 0xff) << 8;
	else
		*r = emulate_merge(*r, value, m->insn->bytes);
}

/* BT and its kin with a register count bits from the operand on, in either direction. */
static int64_t bit_offset(const struct emulation *m)
{
	const struct insn *i = m->insn;
	unsigned shift = 64 - i->bytes * 8;
	int64_t number;

	if (i->op < INSN_BT || i->op > INSN_BTC || i->src != PLACE_REG)
		return 0;
	number = (int64_t)(get_reg(m) << shift) >> shift;
	return (number >> (__builtin_ctz(i->bytes) + 3)) * i->bytes;
}

static uint64_t memory_offset(const struct emulation *m)
{
	const struct insn *i = m->insn;
	const struct vcpu_regs *r = &m->v->regs;
	uint64_t offset = (uint64_t)i->disp + (uint64_t)bit_offset(m);

	if (i->base != INSN_NO_REG)
		offset += r->gpr[i->base];
	if (i->index != INSN_NO_REG)
		offset += r->gpr[i->index] * (i->scale ? i->scale : 1);
	if (i->rip_relative)
		offset += r->rip + i->length;
	/* POP computes its address with rsp already moved. */
	if (i->op == INSN_POP && i->base == GPR_RSP)
		offset += i->bytes;
	return offset & ones(i->addr_bytes);
}

static bool set_operand(struct emulation *m, unsigned bytes, bool write, struct operand *o)
{
	*o = (struct operand){ .bytes = bytes, .write = write };
	return emulate_linear(m->v, &m->mode, m->insn->segment, memory_offset(m), bytes, write,
			      &o->at);
}

static uint64_t swap_bytes(uint64_t value, unsigned bytes)
{
	return __builtin_bswap64(value) >> (64 - bytes * 8);
}

/* MOV, MOVZX, MOVSX, MOVBE */
static enum verdict do_move(struct emulation *m)
{
	const struct insn *i = m->insn;
	bool store = i->dst == PLACE_MEM;
	unsigned shift = 64 - i->source_bytes * 8;
	uint64_t value = i->src == PLACE_IMM ? i->imm : get_reg(m);
	enum verdict verdict;
	struct operand o;

	if (!set_operand(m, i->source_bytes, store, &o))
		return VERDICT_RETRY;
	if (store)
		return emulate_write(m, &o,
				     i->op == INSN_MOVBE ? swap_bytes(value, i->bytes) : value);
	verdict = emulate_read(m, &o, &value);
	if (verdict != VERDICT_DONE)
		return verdict;
	if (i->op == INSN_MOVSX)
		value = (uint64_t)((int64_t)(value << shift) >> shift);
	if (i->op == INSN_MOVBE)
		value = swap_bytes(value, i->bytes);
	set_reg(m, value);
	return VERDICT_DONE;
}

/* ADD to BTC. A memory operand that changes is read and written back. A bus lock is not modelled: a
   device sees two accesses, with nobody else's between them only as far as its model sees to that.
 */
static enum verdict do_alu(struct emulation *m)
{
	const struct insn *i = m->insn;
	bool to_reg = i->dst == PLACE_REG;
	bool changes = i->op != INSN_CMP && i->op != INSN_TEST && i->op != INSN_BT;
	uint64_t other = i->src == PLACE_IMM ? i->imm & ones(i->bytes) : get_reg(m);
	uint64_t rflags = m->v->regs.rflags, value;
	enum verdict verdict;
	struct operand o;

	if (!set_operand(m, i->bytes, changes && !to_reg, &o))
		return VERDICT_RETRY;
	verdict = emulate_read(m, &o, &value);
	if (verdict != VERDICT_DONE)
		return verdict;
	value = emulate_alu(i->op, to_reg ? other : value, to_reg ? value : other, i->bytes,
			    &rflags);
	if (changes && !to_reg)
		verdict = emulate_write(m, &o, value);
	if (verdict != VERDICT_DONE)
		return verdict;
	if (changes && to_reg)
		set_reg(m, value);
	m->v->regs.rflags = rflags;
	return VERDICT_DONE;
}

/* XCHG, XADD, CMPXCHG; the latter writes what was there when the comparison fails (SDM 2A). */
static enum verdict do_exchange(struct emulation *m)
{
	const struct insn *i = m->insn;
	uint64_t *rax = &m->v->regs.gpr[GPR_RAX], rflags = m->v->regs.rflags;
	uint64_t new = get_reg(m), old;
	enum verdict verdict;
	struct operand o;

	if (!set_operand(m, i->bytes, true, &o))
		return VERDICT_RETRY;
	verdict = emulate_read(m, &o, &old);
	if (verdict != VERDICT_DONE)
		return verdict;
	if (i->op == INSN_XADD)
		new = emulate_alu(INSN_ADD, old, new, i->bytes, &rflags);
	if (i->op == INSN_CMPXCHG)
		emulate_alu(INSN_CMP, *rax & ones(i->bytes), old, i->bytes, &rflags);
	if (i->op == INSN_CMPXCHG && !(rflags & RFLAGS_ZF))
		new = old;
	verdict = emulate_write(m, &o, new);
	if (verdict != VERDICT_DONE)
		return verdict;
	m->v->regs.rflags = rflags;
	if (i->op != INSN_CMPXCHG)
		set_reg(m, old);
	else if (!(rflags & RFLAGS_ZF))
		*rax = emulate_merge(*rax, old, i->bytes);
	return VERDICT_DONE;
}

static unsigned stack_bytes(struct emulation *m)
{
	struct vcpu_segment ss;

	if (m->mode.code_bytes == 8)
		return 8;
	backend->get_segment(m->v, SEG_SS, &ss);
	return ss.attributes & SEGMENT_DB ? 4 : 2;
}

/* PUSH and POP of a memory operand: the stack is the other one. */
static enum verdict do_stack(struct emulation *m)
{
	const struct insn *i = m->insn;
	bool push = i->op == INSN_PUSH;
	unsigned width = stack_bytes(m);
	uint64_t *rsp = &m->v->regs.gpr[GPR_RSP];
	uint64_t moved = push ? *rsp - i->bytes : *rsp + i->bytes, value;
	struct operand memory, stack = { .number = 1, .bytes = i->bytes, .write = push };
	enum verdict verdict;

	if (!set_operand(m, i->bytes, !push, &memory) ||
	    !emulate_linear(m->v, &m->mode, SEG_SS, (push ? moved : *rsp) & ones(width), i->bytes,
			    push, &stack.at))
		return VERDICT_RETRY;
	verdict = emulate_read(m, push ? &memory : &stack, &value);
	if (verdict == VERDICT_DONE)
		verdict = emulate_write(m, push ? &stack : &memory, value);
	if (verdict == VERDICT_DONE)
		*rsp = emulate_merge(*rsp, moved, width);
	return verdict;
}

static enum verdict execute(struct emulation *m)
{
	unsigned op = m->insn->op;

	if (LIKELY(op >= INSN_MOV && op <= INSN_MOVBE))
		return do_move(m);
	if (op >= INSN_MOVS)
		return emulate_string(m);
	if (op >= INSN_PUSH)
		return do_stack(m);
	if (op >= INSN_XCHG)
		return do_exchange(m);
	return do_alu(m);
}

/* An address that ends in 000h may be that of the rest of an operand that began on the page before.
 */
static COLD bool begins_page(const struct emulation *m)
{
	return m->mode.code_bytes == 8 && m->insn->segment < SEG_FS &&
	       !(memory_offset(m) & PAGE_MASK);
}

/* The usual case: MOV of an operand whose guest-physical address the CPU has told: there is none to
   compute or to translate. */
static inline bool is_direct(const struct emulation *m, const struct vm_exit *e)
{
	const struct insn *i = m->insn;
	uint64_t at = e->fault.gpa.v;

	return i->op == INSN_MOV && e->fault.operand && !(at & (i->bytes - 1)) &&
	       e->fault.write == (i->dst == PLACE_MEM) && (at & PAGE_MASK || begins_page(m));
}

static inline enum verdict do_direct(struct emulation *m, const struct vm_exit *e)
{
	const struct insn *i = m->insn;
	struct io_access a = { .address = e->fault.gpa.v,
			       .size = i->bytes,
			       .write = i->dst == PLACE_MEM };
	enum verdict verdict;

	if (a.write)
		a.data = i->src == PLACE_IMM ? i->imm & ones(i->bytes) : get_reg(m);
	verdict = mmio_access(m->v, &a);
	if (verdict == VERDICT_DONE && !a.write)
		set_reg(m, a.data);
	return verdict;
}

enum verdict emulate_mmio(struct vcpu *v, struct vm_exit *e)
{
	struct emulation m;
	enum verdict verdict;

	m.v = v;
	m.pieces = 0;
	m.goes_on = false;
	m.device_page = page_down(e->fault.gpa.v);
	backend->get_mode(v, &m.mode);
	verdict = emulate_fetch(&m, e);
	if (verdict == VERDICT_DONE)
		verdict = LIKELY(is_direct(&m, e)) ? do_direct(&m, e) : execute(&m);
	if (verdict == VERDICT_DONE)
		e->insn_len = m.goes_on ? 0 : m.insn->length;
	if (verdict != VERDICT_BLOCK)
		emulate_forget(v);
	return verdict;
}
