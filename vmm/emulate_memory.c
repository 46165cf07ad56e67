/*
 * Memory operands of an emulated instruction. An operand goes to a device in one access; one that
 * crosses a page goes byte by byte, since the two pages may be different things.
 */
#include "vmm/emulate_memory.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/guestmem.h"
#include "vmm/io.h"
#include "vmm/walk.h"

/* Translates one byte's address; on a fault injects it. */
static inline bool translate(struct emulation *m, gva_t at, bool write, gpa_t *out)
{
	return walk_or_inject(m->v, &m->mode, at, write ? ACCESS_WRITE : 0, out);
}

bool emulate_can_write(struct emulation *m, const struct operand *o)
{
	uint64_t last = page_down(o->at.v + o->bytes - 1);
	gpa_t unused;

	return translate(m, o->at, true, &unused) &&
	       (last <= o->at.v || translate(m, gva(last), true, &unused));
}

/* One access of 1, 2, 4 or 8 bytes, which lies in one page; *data is in or out. */
static inline enum verdict piece(struct emulation *m, gpa_t at, unsigned bytes, bool write,
				 uint64_t *data)
{
	struct io_access a = { .address = at.v, .data = *data, .size = bytes, .write = write };
	bool device = page_down(at.v) == m->device_page;
	enum verdict verdict;

	if (UNLIKELY(!device)) {
		device = write ? !guest_write(m->v->domain, at, data, bytes)
			       : !guest_read(m->v->domain, at, data, bytes);
		if (!device)
			return VERDICT_DONE;
	}
	verdict = mmio_access(m->v, &a);
	*data = a.data & ones(bytes);
	return verdict;
}

/* A piece at byte `offset` of the operand, unless an earlier pass has done it. */
static inline enum verdict piece_once(struct emulation *m, const struct operand *o, unsigned offset,
				      unsigned bytes, uint64_t *write_value)
{
	uint64_t data = write_value ? *write_value >> offset * 8 & ones(bytes) : 0;
	enum verdict verdict;
	gpa_t at;

	if (m->pieces++ < m->v->emulate.done)
		return VERDICT_DONE;
	if (!translate(m, gva(o->at.v + offset), o->write || write_value, &at))
		return VERDICT_RETRY;
	verdict = piece(m, at, bytes, write_value, &data);
	if (verdict != VERDICT_DONE)
		return verdict;
	m->v->emulate.done++;
	if (!write_value)
		m->v->emulate.value[o->number] |= data << offset * 8;
	return VERDICT_DONE;
}

static enum verdict transfer(struct emulation *m, const struct operand *o, uint64_t *write_value)
{
	bool crosses = (o->at.v & PAGE_MASK) + o->bytes > PAGE_SIZE;
	enum verdict verdict = VERDICT_DONE;
	gpa_t unused;

	if (!crosses)
		return piece_once(m, o, 0, o->bytes, write_value);
	/* A fault on the second page comes before any effect on the first. */
	if (!translate(m, gva(page_down(o->at.v + o->bytes - 1)), o->write || write_value, &unused))
		return VERDICT_RETRY;
	for (unsigned n = 0; n < o->bytes && verdict == VERDICT_DONE; n++)
		verdict = piece_once(m, o, n, 1, write_value);
	return verdict;
}

enum verdict emulate_read(struct emulation *m, const struct operand *o, uint64_t *value)
{
	enum verdict verdict = transfer(m, o, NULL);

	*value = m->v->emulate.value[o->number] & ones(o->bytes);
	return verdict;
}

enum verdict emulate_write(struct emulation *m, const struct operand *o, uint64_t value)
{
	return transfer(m, o, &value);
}
