/*
 * Segmentation (SDM 3A 3.2, 5.3): from segment:offset to a linear address, with the checks that the
 * CPU would have made. Called by the MMIO emulator and by string I/O.
 */
#include "vmm/emulate.h"

#include "arch/x86/cpu/regs.h"
#include "vmm/backend.h"
#include "vmm/walk.h"

#define TYPE_WRITE BIT(1) /* data: writable; code: readable */
#define TYPE_DOWN  BIT(2) /* data: expands down */
#define TYPE_CODE  BIT(3)

static bool refuse(struct vcpu *v, unsigned segment)
{
	vcpu_inject_exception(v, segment == SEG_SS ? VECTOR_SS : VECTOR_GP, true, 0);
	return false;
}

static bool type_allows(const struct vcpu_segment *s, bool write)
{
	if (s->attributes & SEGMENT_UNUSABLE)
		return false;
	if (s->attributes & TYPE_CODE)
		return !write && (s->attributes & TYPE_WRITE);
	return !write || (s->attributes & TYPE_WRITE);
}

static bool limit_allows(const struct vcpu_segment *s, uint64_t first, uint64_t last)
{
	if ((s->attributes & (TYPE_CODE | TYPE_DOWN)) == TYPE_DOWN)
		return first > s->limit &&
		       last <= (s->attributes & SEGMENT_DB ? UINT32_MAX : UINT16_MAX);
	return last <= s->limit;
}

static bool linear64(struct vcpu *v, const struct vcpu_mode *m, unsigned segment, uint64_t offset,
		     unsigned bytes, gva_t *out)
{
	*out = gva(offset);
	if (segment == SEG_FS || segment == SEG_GS) {
		struct vcpu_segment s;

		backend->get_segment(v, segment, &s);
		out->v += s.base;
	}
	if (walk_canonical(m, *out) && walk_canonical(m, gva(out->v + bytes - 1)))
		return true;
	return refuse(v, segment);
}

bool emulate_linear(struct vcpu *v, const struct vcpu_mode *m, unsigned segment, uint64_t offset,
		    unsigned bytes, bool write, gva_t *out)
{
	struct vcpu_segment s;

	if (LIKELY(m->code_bytes == 8))
		return linear64(v, m, segment, offset, bytes, out);
	backend->get_segment(v, segment, &s);
	if ((m->cr0 & CR0_PE) && !(v->regs.rflags & RFLAGS_VM) && !type_allows(&s, write))
		return refuse(v, segment);
	if (!limit_allows(&s, offset, offset + bytes - 1))
		return refuse(v, segment);
	*out = gva((uint32_t)(s.base + offset));
	return true;
}
