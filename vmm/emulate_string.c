/*
 * String instructions on device memory, and INS and OUTS on any. Each element is complete in
 * itself: its registers move when its accesses are done, so a repeated one can stop after any
 * element, for a back end's answer or to let interrupts in, and goes on where the registers say.
 */
#include "vmm/emulate_memory.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/emulate_alu.h"
#include "vmm/io.h"

#define BATCH 64 /* elements before the guest is entered again */

static uint64_t offset_of(const struct emulation *m, unsigned gpr)
{
	return m->v->regs.gpr[gpr] & ones(m->insn->addr_bytes);
}

static void move(struct emulation *m, unsigned gpr, int64_t by)
{
	uint64_t *r = &m->v->regs.gpr[gpr];

	*r = emulate_merge(*r, *r + (uint64_t)by, m->insn->addr_bytes);
}

/* The operand at [rsi] (number 0) or es:[rdi] (number 1). */
static bool set_operand(struct emulation *m, unsigned number, bool write, struct operand *o)
{
	const struct insn *i = m->insn;
	unsigned segment = number ? SEG_ES : i->segment;

	*o = (struct operand){ .number = number, .bytes = i->bytes, .write = write };
	return emulate_linear(m->v, &m->mode, segment, offset_of(m, number ? GPR_RDI : GPR_RSI),
			      i->bytes, write, &o->at);
}

static enum verdict read_at(struct emulation *m, unsigned number, uint64_t *value)
{
	struct operand o;

	return set_operand(m, number, false, &o) ? emulate_read(m, &o, value) : VERDICT_RETRY;
}

static enum verdict write_at(struct emulation *m, uint64_t value)
{
	struct operand o;

	return set_operand(m, 1, true, &o) ? emulate_write(m, &o, value) : VERDICT_RETRY;
}

static uint16_t port_of(const struct emulation *m)
{
	return (uint16_t)m->v->regs.gpr[GPR_RDX];
}

/* A port's read may have effects: a destination that faults must fault before it, and one that is
   a device must not make it read the port twice. */
static enum verdict insert(struct emulation *m)
{
	struct io_access a = { .address = port_of(m), .size = m->insn->bytes };
	struct vcpu *v = m->v;
	struct operand o;

	if (!set_operand(m, 1, true, &o) || !emulate_can_write(m, &o))
		return VERDICT_RETRY;
	if (m->pieces++ == v->emulate.done) {
		enum verdict verdict = pio_access(v, &a);

		if (verdict != VERDICT_DONE)
			return verdict;
		v->emulate.done++;
		v->emulate.value[0] = a.data & ones(a.size);
	}
	return emulate_write(m, &o, v->emulate.value[0]);
}

static enum verdict send(struct emulation *m, uint64_t value)
{
	struct io_access a = { port_of(m), value, m->insn->bytes, true };

	return pio_access(m->v, &a);
}

static bool reads_rsi(unsigned op)
{
	return op == INSN_MOVS || op == INSN_LODS || op == INSN_CMPS || op == INSN_OUTS;
}

/* The accesses and the result of one element; registers that address it stay. */
static enum verdict element(struct emulation *m)
{
	uint64_t *rax = &m->v->regs.gpr[GPR_RAX], *rflags = &m->v->regs.rflags;
	unsigned op = m->insn->op, bytes = m->insn->bytes;
	uint64_t a = *rax, b = 0;
	enum verdict verdict = VERDICT_DONE;

	if (op == INSN_INS)
		return insert(m);
	if (reads_rsi(op))
		verdict = read_at(m, 0, &a);
	if (verdict == VERDICT_DONE && op == INSN_OUTS)
		verdict = send(m, a);
	if (verdict == VERDICT_DONE && (op == INSN_CMPS || op == INSN_SCAS))
		verdict = read_at(m, 1, &b);
	if (verdict == VERDICT_DONE && (op == INSN_MOVS || op == INSN_STOS))
		verdict = write_at(m, a);
	if (verdict != VERDICT_DONE)
		return verdict;
	if (op == INSN_LODS)
		*rax = emulate_merge(*rax, a, bytes);
	if (op == INSN_CMPS || op == INSN_SCAS)
		emulate_alu(INSN_CMP, a, b, bytes, rflags);
	return VERDICT_DONE;
}

static void advance(struct emulation *m)
{
	unsigned op = m->insn->op;
	int64_t by = m->v->regs.rflags & RFLAGS_DF ? -(int64_t)m->insn->bytes : m->insn->bytes;

	if (reads_rsi(op))
		move(m, GPR_RSI, by);
	if (op != INSN_LODS && op != INSN_OUTS)
		move(m, GPR_RDI, by);
}

/* REPE and REPNE end a comparison at the first difference or match. */
static bool comparison_ends(const struct emulation *m)
{
	bool zero = m->v->regs.rflags & RFLAGS_ZF;

	if (m->insn->op != INSN_CMPS && m->insn->op != INSN_SCAS)
		return false;
	return m->insn->repne ? zero : !zero;
}

enum verdict emulate_string(struct emulation *m)
{
	bool repeated = m->insn->rep || m->insn->repne;

	if (repeated && !offset_of(m, GPR_RCX))
		return VERDICT_DONE;
	for (unsigned n = 0; n < BATCH; n++) {
		enum verdict verdict;

		m->pieces = 0;
		verdict = element(m);
		if (verdict != VERDICT_DONE)
			return verdict;
		advance(m);
		emulate_forget(m->v);
		if (!repeated)
			return VERDICT_DONE;
		move(m, GPR_RCX, -1);
		if (!offset_of(m, GPR_RCX) || comparison_ends(m))
			return VERDICT_DONE;
		m->goes_on = m->v->regs.rflags & RFLAGS_TF;
		if (UNLIKELY(m->goes_on))
			return VERDICT_DONE;
	}
	return VERDICT_RETRY;
}
