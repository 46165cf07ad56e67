/*
 * IN, OUT, INS, OUTS. The plain forms come first: they are the hot ones. A string form works
 * element by element, each complete in itself, like emulate_string.c's.
 */
#include "vmm/pio_string.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/backend.h"
#include "vmm/decode.h"
#include "vmm/emulate.h"
#include "vmm/guestmem.h"
#include "vmm/io.h"
#include "vmm/ioreq.h"

#define BATCH 64 /* elements before the guest is entered again */

/* A register as an address of the string's width, and its step. */
static uint64_t offset_of(const struct vcpu *v, unsigned gpr, unsigned bytes)
{
	return v->regs.gpr[gpr] & ones(bytes);
}

static void move(struct vcpu *v, unsigned gpr, int64_t by, unsigned bytes)
{
	v->regs.gpr[gpr] = emulate_merge(v->regs.gpr[gpr], v->regs.gpr[gpr] + (uint64_t)by, bytes);
}

/* False: #PF is injected. */
static bool check_write(struct vcpu *v, gva_t at)
{
	uint32_t error;
	gpa_t unused;

	if (guest_translate(v, at, ACCESS_WRITE, &unused, &error))
		return true;
	vcpu_inject_pf(v, at.v, error);
	return false;
}

static enum verdict insert(struct vcpu *v, const struct vm_exit *e)
{
	struct io_access a = { .address = e->pio.port, .size = e->pio.size };
	unsigned width = e->pio.addr_bytes;
	enum verdict verdict;
	struct vcpu_mode m;
	uint64_t last;
	gva_t at;

	/* A port's read may have effects: a destination that faults must fault before it. */
	backend->get_mode(v, &m);
	if (!emulate_linear(v, &m, SEG_ES, offset_of(v, GPR_RDI, width), a.size, true, &at))
		return VERDICT_RETRY;
	last = page_down(at.v + a.size - 1);
	if (!check_write(v, at) || (last > at.v && !check_write(v, gva(last))))
		return VERDICT_RETRY;
	verdict = pio_access(v, &a);
	if (verdict != VERDICT_DONE)
		return verdict;
	return guest_write_virt(v, at, &a.data, a.size, 0) ? VERDICT_DONE : VERDICT_RETRY;
}

/* What OUTS sends is read once: a back end's answer belongs to exactly this value. */
static enum verdict send(struct vcpu *v, const struct vm_exit *e)
{
	struct io_access a = { .address = e->pio.port, .size = e->pio.size, .write = true };
	struct vcpu_mode m;
	gva_t at;

	if (!v->emulate.done) {
		backend->get_mode(v, &m);
		if (!emulate_linear(v, &m, e->pio.segment, offset_of(v, GPR_RSI, e->pio.addr_bytes),
				    a.size, false, &at) ||
		    !guest_read_virt(v, at, &v->emulate.value[0], a.size, 0))
			return VERDICT_RETRY;
		v->emulate.done = 1;
	}
	a.data = v->emulate.value[0] & ones(a.size);
	return pio_access(v, &a);
}

/* A CPU without decode assists may not say how wide addresses are (0), nor which segment OUTS reads
   (it shows as ES). */
static enum verdict find_form(struct vcpu *v, struct vm_exit *e)
{
	uint8_t code[INSN_BYTES_MAX];
	struct vcpu_mode m;
	size_t count;

	if (e->pio.addr_bytes && (e->pio.in || e->pio.segment != SEG_ES))
		return VERDICT_DONE;
	backend->get_mode(v, &m);
	count = guest_fetch_in(v, &m, code);
	if (!count)
		return VERDICT_RETRY;
	e->pio.segment = insn_string_segment(code, count, m.code_bytes);
	e->pio.addr_bytes = insn_string_addr_bytes(code, count, m.code_bytes);
	return VERDICT_DONE;
}

static enum verdict string(struct vcpu *v, struct vm_exit *e)
{
	int64_t by = v->regs.rflags & RFLAGS_DF ? -(int64_t)e->pio.size : e->pio.size;
	enum verdict verdict = find_form(v, e);
	unsigned width = e->pio.addr_bytes;

	if (verdict != VERDICT_DONE)
		return verdict;
	if (e->pio.rep && !offset_of(v, GPR_RCX, width))
		return VERDICT_DONE;
	for (unsigned n = 0; n < BATCH; n++) {
		verdict = e->pio.in ? insert(v, e) : send(v, e);
		if (verdict != VERDICT_DONE)
			return verdict;
		emulate_forget(v);
		move(v, e->pio.in ? GPR_RDI : GPR_RSI, by, width);
		if (!e->pio.rep)
			return VERDICT_DONE;
		move(v, GPR_RCX, -1, width);
		if (!offset_of(v, GPR_RCX, width))
			return VERDICT_DONE;
	}
	return VERDICT_RETRY;
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
	enum verdict verdict;

	if (LIKELY(!e->pio.string)) {
		if (!e->pio.in && ioreq_ring_again(v, HV_IOREQ_PORT, e->pio.port, e->pio.size))
			return VERDICT_DONE;
		return single(v, e);
	}
	verdict = string(v, e);
	if (verdict != VERDICT_BLOCK)
		emulate_forget(v);
	return verdict;
}
