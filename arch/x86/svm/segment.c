/*
 * Segments between AMD-V's form and the neutral one. AMD-V packs the attributes into 12 bits, marks
 * an unusable segment by P = 0, and keeps the privilege level in a field of its own.
 */
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/svm_vcpu.h"

#define PRESENT BIT(7)
#define DPL     MASK(6, 5)
#define LOW     MASK(7, 0)  /* type, S, DPL, P: the same place in both */
#define HIGH    MASK(11, 8) /* AVL, L, D/B, G: 4 bits further up in the neutral form */

static enum vmcb_seg vmcb_index(enum vcpu_seg n)
{
	if (n == SEG_LDTR)
		return VMCB_LDTR;
	return n == SEG_TR ? VMCB_TR : (enum vmcb_seg)n;
}

void svm_get_segment(struct vcpu *v, enum vcpu_seg n, struct vcpu_segment *out)
{
	const struct vmcb *b = svm_vmcb(v);
	const struct vmcb_segment *in = &b->segment[vmcb_index(n)];
	uint32_t a = (in->attributes & LOW) | (uint32_t)(in->attributes & HIGH) << 4;

	if (n == SEG_SS)
		a = field_set(DPL, a, b->cpl);
	if (n == SEG_TR)
		a |= 2; /* some CPUs leave the busy bit out */
	if (!(a & PRESENT))
		a |= SEGMENT_UNUSABLE;
	out->selector = in->selector;
	out->attributes = a;
	out->limit = in->limit;
	out->base = in->base;
}

/* Then what the CPU has of it stays: one that leaves the busy bit out may not want it in (QEMU
   aborts at the next change of privilege in a 32-bit guest). */
static bool is_same_tss(const struct vmcb_segment *have, const struct vcpu_segment *want)
{
	return have->selector == want->selector && have->base == want->base &&
	       have->limit == want->limit;
}

void svm_set_segment(struct vmcb *b, enum vcpu_seg n, const struct vcpu_segment *in)
{
	struct vmcb_segment *out = &b->segment[vmcb_index(n)];
	uint16_t a = (in->attributes & LOW) | (in->attributes >> 4 & HIGH);

	/* SS keeps its DPL even if it is unusable: QEMU takes the privilege level from there. */
	if (in->attributes & SEGMENT_UNUSABLE)
		a &= ~PRESENT;
	if (n == SEG_SS)
		b->cpl = field_get(DPL, in->attributes);
	if (n == SEG_TR && is_same_tss(out, in))
		return;
	out->selector = in->selector;
	out->attributes = a;
	out->limit = in->limit;
	out->base = in->base;
	b->clean &= ~VMCB_CLEAN_SEGS;
}
