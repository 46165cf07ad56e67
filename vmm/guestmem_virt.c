/*
 * Guest-virtual access: translation by the guest's own tables, copies that fault into the guest,
 * instruction fetch, and the length of instructions on CPUs that don't report it.
 */
#include "vmm/guestmem.h"

#include "arch/x86/cpu/regs.h"
#include "lib/string.h"
#include "vmm/backend.h"
#include "vmm/decode.h"
#include "vmm/guestmem_slot.h"
#include "vmm/walk.h"

/* Memory that is not RAM reads as ones and drops writes. */
static bool copy_virt(struct vcpu *v, const struct vcpu_mode *m, gva_t at, uint8_t *buf,
		      size_t bytes, unsigned access)
{
	gpa_t page;

	for (size_t n; bytes; at.v += n, buf += n, bytes -= n) {
		n = MIN(bytes, PAGE_SIZE - (at.v & PAGE_MASK));
		if (!walk_or_inject(v, m, at, access, &page))
			return false;
		if (!(access & ACCESS_WRITE) && !guest_read(v->domain, page, buf, n))
			memset(buf, 0xff, n);
		if ((access & ACCESS_WRITE) && !guest_write(v->domain, page, buf, n))
			domain_complain(v->domain, "a write to %#lx is lost: not RAM", page.v);
	}
	return true;
}

bool guest_read_virt(struct vcpu *v, gva_t from, void *to, size_t bytes, unsigned access)
{
	struct vcpu_mode m;

	backend->get_mode(v, &m);
	return copy_virt(v, &m, from, to, bytes, access);
}

bool guest_write_virt(struct vcpu *v, gva_t to, const void *from, size_t bytes, unsigned access)
{
	struct vcpu_mode m;
	gpa_t at;

	backend->get_mode(v, &m);
	/* All pages before the first byte: a fault leaves nothing half done. */
	for (uint64_t page = to.v; bytes && page < to.v + bytes; page = page_down(page) + PAGE_SIZE)
		if (!walk_or_inject(v, &m, gva(page), access | ACCESS_WRITE, &at))
			return false;
	return copy_virt(v, &m, to, (uint8_t *)from, bytes, access | ACCESS_WRITE);
}

/* Linear address of the instruction; outside 64-bit code the segment base counts. */
static gva_t fetch_address(struct vcpu *v, const struct vcpu_mode *m)
{
	struct vcpu_segment cs;

	if (LIKELY(m->code_bytes == 8))
		return gva(v->regs.rip);
	backend->get_segment(v, SEG_CS, &cs);
	return gva((uint32_t)(cs.base + v->regs.rip));
}

/* The bytes on the page behind the one that the instruction begins on, as far as that can be
   fetched; returns how many bytes there are in all. */
static size_t fetch_rest(struct vcpu *v, const struct vcpu_mode *m, gva_t at, uint8_t buf[15],
			 size_t first)
{
	uint32_t error;
	gpa_t page;

	at.v += first;
	if (!walk_canonical(m, at) ||
	    !walk(v->domain, m, v->regs.rflags, at, ACCESS_FETCH, &page, &error))
		return first;
	if (!guest_read(v->domain, page, buf + first, 15 - first))
		memset(buf + first, 0xff, 15 - first);
	return 15;
}

size_t guest_fetch_in(struct vcpu *v, const struct vcpu_mode *m, uint8_t buf[15])
{
	const uint8_t *p = walk_code(v->domain, backend->code_root(v), v->regs.rip);
	gva_t at = fetch_address(v, m);
	size_t first = MIN(15, PAGE_SIZE - (at.v & PAGE_MASK));
	gpa_t page;

	if (LIKELY(p && first == 15)) {
		__builtin_memcpy(buf, p, 15);
		return 15;
	}
	if (!walk_or_inject(v, m, at, ACCESS_FETCH, &page))
		return 0;
	p = guestmem_at(v->domain, page);
	if (LIKELY(p && first == 15)) {
		__builtin_memcpy(buf, p, 15);
		return 15;
	}
	if (p)
		memcpy(buf, p, first);
	else
		memset(buf, 0xff, first);
	return first == 15 ? 15 : fetch_rest(v, m, at, buf, first);
}

size_t guest_fetch(struct vcpu *v, uint8_t buf[15])
{
	struct vcpu_mode m;

	backend->get_mode(v, &m);
	return guest_fetch_in(v, &m, buf);
}

/* Any length, for what the fast look did not settle. */
static COLD unsigned insn_length(struct vcpu *v)
{
	uint8_t buf[INSN_BYTES_MAX];
	struct vcpu_mode m;
	struct insn insn;
	unsigned length;
	size_t count;

	backend->get_mode(v, &m);
	count = guest_fetch_in(v, &m, buf);
	if (!count)
		return 0;
	length = insn_short_length(buf, count, m.code_bytes);
	if (length)
		return length;
	if (insn_decode(buf, count, m.code_bytes, &insn) == OK)
		return insn.length;
	domain_complain(v->domain, "cannot tell the length of %02x %02x %02x %02x at %#lx", buf[0],
			buf[1], buf[2], buf[3], v->regs.rip);
	vcpu_inject_ud(v);
	return 0;
}

unsigned guest_insn_length(struct vcpu *v)
{
	uint64_t rip = v->regs.rip;
	const uint8_t *p = walk_code(v->domain, backend->code_root(v), rip);
	unsigned length;
	uint32_t head;

	if (UNLIKELY(!p || (rip & PAGE_MASK) > PAGE_SIZE - sizeof(head)))
		return insn_length(v);
	__builtin_memcpy(&head, p, sizeof(head));
	length = insn_head_length(head);
	return LIKELY(length) ? length : insn_length(v);
}
