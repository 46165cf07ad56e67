/*
 * IN, OUT, INS, OUTS. The plain forms come first: they are the hot ones. The string forms are
 * emulate_string.c's.
 */
#include "vmm/pio_string.h"

#include "vmm/backend.h"
#include "vmm/emulate_memory.h"
#include "vmm/guestmem.h"
#include "vmm/io.h"
#include "vmm/ioreq.h"

static enum verdict string(struct vcpu *v, struct vm_exit *e)
{
	struct insn insn = {
		.op = e->pio.in ? INSN_INS : INSN_OUTS,
		.bytes = e->pio.size,
		.addr_bytes = e->pio.addr_bytes,
		.segment = e->pio.segment,
		.rep = e->pio.rep,
	};
	struct emulation m = { .v = v, .insn = &insn, .device_page = ~0ull };
	bool unclear = !insn.addr_bytes || (!e->pio.in && insn.segment == SEG_ES);
	uint8_t code[INSN_BYTES_MAX];
	enum verdict verdict = VERDICT_RETRY;
	size_t count = 0;

	backend->get_mode(v, &m.mode);
	/* A CPU without decode assists may not say how wide addresses are (0), nor which segment
	   OUTS reads (it shows as ES). */
	if (unclear)
		count = guest_fetch_in(v, &m.mode, code);
	if (count)
		insn_string_form(code, count, m.mode.code_bytes, &insn);
	if (count || !unclear)
		verdict = emulate_string(&m);
	if (m.goes_on)
		e->insn_len = 0;
	if (verdict != VERDICT_BLOCK)
		emulate_forget(v);
	return verdict;
}

static enum verdict single(struct vcpu *v, struct vm_exit *e)
{
	struct io_access a = { .address = e->pio.port, .size = e->pio.size, .write = !e->pio.in };
	uint64_t *rax = &v->regs.gpr[GPR_RAX];
	enum verdict verdict;

	if (a.write)
		a.data = *rax & ones(a.size);
	verdict = pio_access(v, &a);
	if (verdict == VERDICT_DONE && !a.write)
		*rax = emulate_merge(*rax, a.data, a.size);
	return verdict;
}

enum verdict pio_exit(struct vcpu *v, struct vm_exit *e)
{
	if (UNLIKELY(e->pio.string))
		return string(v, e);
	if (!e->pio.in && ioreq_ring_again(v, HV_IOREQ_PORT, e->pio.port, e->pio.size))
		return VERDICT_DONE;
	return single(v, e);
}
