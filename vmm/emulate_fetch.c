/*
 * The instruction to be emulated: its bytes, and what they mean. What was decoded is remembered and
 * found again by the very same bytes, so no change of the guest's code can go unnoticed.
 */
#include "arch/x86/cpu/cpu.h"
#include "vmm/backend.h"
#include "vmm/emulate_memory.h"
#include "vmm/guestmem.h"

#define DECODED 16 /* a CPU */

/* The bytes of an instruction, and in the last one the mode that they were decoded for. */
union code {
	uint8_t byte[INSN_BYTES_MAX + 1];
	uint64_t word[2];
};

struct decoded {
	union code code; /* all zero: none */
	struct insn insn;
};

static struct decoded decoded[MAX_CPUS][DECODED];

/* An instruction that the table does not know: #UD, and one line that says which. */
static enum verdict refuse(struct vcpu *v, const struct insn *i, const uint8_t *code,
			   const struct vm_exit *e)
{
	const char *what = i->op == INSN_VECTOR ? "a vector instruction" : "an instruction";

	if (v->domain->config->flags & CONFIG_FLAG_STRICT)
		return domain_kill(v->domain, "%s not emulated at device memory %#lx, rip %#lx",
				   what, e->fault.gpa.v, v->regs.rip);
	domain_complain(v->domain,
			"%s that is not emulated (%02x %02x %02x %02x %02x %02x) at rip %#lx "
			"touches device memory %#lx: it gets #UD",
			what, code[0], code[1], code[2], code[3], code[4], code[5], v->regs.rip,
			e->fault.gpa.v);
	vcpu_inject_ud(v);
	return VERDICT_RETRY;
}

/* Decodes into a slot that its address in the code chooses, unless the very same bytes are there
   decoded: drivers touch their devices from few places. */
static enum err decode(struct emulation *m, union code *code, size_t count)
{
	uint64_t rip = m->v->regs.rip;
	struct decoded *d = &decoded[cpu_index()][(rip ^ rip >> 6) % DECODED];
	enum err err;

	m->insn = &d->insn;
	code->byte[INSN_BYTES_MAX] = m->mode.code_bytes;
	if (LIKELY(count == INSN_BYTES_MAX && d->code.word[0] == code->word[0] &&
		   d->code.word[1] == code->word[1]))
		return OK;
	d->code = (union code){ .word = { 0, 0 } };
	err = insn_decode(code->byte, count, m->mode.code_bytes, &d->insn);
	if (err == OK && count == INSN_BYTES_MAX)
		d->code = *code;
	return err;
}

enum verdict emulate_fetch(struct emulation *m, const struct vm_exit *e)
{
	union code code = { .word = { 0, 0 } };
	size_t count = backend->insn_bytes ? backend->insn_bytes(m->v, code.byte) : 0;
	enum err err;

	if (!count)
		count = guest_fetch_in(m->v, &m->mode, code.byte);
	if (!count)
		return VERDICT_RETRY;
	err = decode(m, &code, count);
	if (LIKELY(err == OK))
		return VERDICT_DONE;
	/* Bytes on a page that cannot be fetched: the CPU itself takes that fault. */
	if (err == ERR_RANGE)
		return VERDICT_RETRY;
	return refuse(m->v, m->insn, code.byte, e);
}
