/*
 * Segments between the VMCS and the neutral form, whose attributes are the VMCS' own. What is
 * written is made to fit the entry checks (SDM 3C 27.3.1.2): a state may come from a CPU with other
 * habits, such as AMD's, which keeps neither TR busy nor an unusable segment apart from an absent
 * one.
 */
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define ACCESSED    BIT(0)
#define READABLE    BIT(1)
#define CODE        BIT(3)
#define S           BIT(4)
#define DPL         MASK(6, 5)
#define P           BIT(7)
#define G           BIT(15)
#define KNOWN       (MASK(16, 12) | MASK(7, 0))
#define LOW         MASK(7, 0)
#define DATA        0x93u /* present, ring 0, read-write, accessed */
#define TSS_BUSY    3u    /* 16 bits; bit 3 makes it 32 or 64 */
#define SELECTOR_TI BIT(2)

/* A segment register's field lies 2 * n after ES's. */
static enum vmcs_field field(enum vmcs_field first, enum vcpu_seg n)
{
	return first + 2 * n;
}

uint8_t vmx_cpl(void)
{
	return field_get(DPL, vmread(field(VMCS_GUEST_ES_ATTRIBUTES, SEG_SS)));
}

void vmx_get_segment(struct vcpu *v, enum vcpu_seg n, struct vcpu_segment *out)
{
	vmx_use(v);
	out->selector = vmread(field(VMCS_GUEST_ES_SELECTOR, n));
	out->attributes = vmread(field(VMCS_GUEST_ES_ATTRIBUTES, n));
	out->limit = vmread(field(VMCS_GUEST_ES_LIMIT, n));
	out->base = vmread(field(VMCS_GUEST_ES_BASE, n));
}

/* A code segment in real mode, too, is what reset makes of it (SDM 3A 10.1.1). Bochs wants that:
   it refuses a code-type CS whose RPL and DPL differ (emulators.md, defect 2). */
static uint32_t fit_code(uint32_t a)
{
	if (!(vmread(VMCS_GUEST_CR0) & CR0_PE))
		return (a & ~(uint32_t)LOW) | DATA;
	return a | ACCESSED;
}

static uint32_t fit_data(enum vcpu_seg n, uint32_t a)
{
	if (a & SEGMENT_UNUSABLE)
		return a;
	a |= S | ACCESSED;
	if (a & CODE || n == SEG_SS)
		a |= READABLE; /* for SS the same bit says that it can be written */
	return a;
}

static uint32_t fit_attributes(enum vcpu_seg n, uint32_t a)
{
	a &= KNOWN;
	if (n == SEG_CS)
		return (fit_code(a) | S | P) & ~SEGMENT_UNUSABLE;
	if (n == SEG_TR)
		return ((a | TSS_BUSY | P) & ~S) & ~SEGMENT_UNUSABLE;
	if (!(a & P))
		a |= SEGMENT_UNUSABLE;
	return n == SEG_LDTR ? a & ~S : fit_data(n, a);
}

/* The granularity must be able to express the limit. */
static uint32_t fit_granularity(uint32_t a, uint32_t *limit)
{
	if (*limit & MASK(31, 20)) {
		*limit |= MASK(11, 0);
		return a | G;
	}
	return (*limit & MASK(11, 0)) == MASK(11, 0) ? a : a & ~G;
}

void vmx_set_segment(enum vcpu_seg n, const struct vcpu_segment *in)
{
	uint32_t limit = in->limit;
	uint32_t a = fit_granularity(fit_attributes(n, in->attributes), &limit);
	uint16_t selector = in->selector;
	uint64_t base = n <= SEG_DS ? (uint32_t)in->base : in->base;

	if (n == SEG_TR)
		selector &= ~SELECTOR_TI;
	vmwrite(field(VMCS_GUEST_ES_SELECTOR, n), selector);
	vmwrite(field(VMCS_GUEST_ES_ATTRIBUTES, n), a);
	vmwrite(field(VMCS_GUEST_ES_LIMIT, n), limit);
	vmwrite(field(VMCS_GUEST_ES_BASE, n), base);
}
