/*
 * Task-state segments as bytes, and the checks of table 8-1 (SDM 3A 8.3).
 */
#include "vmm/tss.h"

#include "arch/x86/cpu/regs.h"
#include "lib/string.h"

#define TYPE      MASK(3, 0)
#define TYPE_LDT  2
#define TYPE_TSS  1 /* with TSS_BUSY or WIDE set or not */
#define TYPE_WIDE 8
#define ACCESSED  BIT(0)
#define WRITABLE  BIT(1) /* of code: readable */
#define CONFORMS  BIT(2) /* of data: expands down */
#define CODE      BIT(3)
#define NO_SYSTEM BIT(4)
#define DPL       MASK(6, 5)
#define PRESENT   BIT(7)
#define PAGES     BIT(15)

#define ATTRIBUTES_V86  0xf3u /* present, DPL 3, writable, accessed */
#define ATTRIBUTES_CODE 0x9bu
#define ATTRIBUTES_DATA 0x93u

#define EFLAGS_KNOWN                                                                               \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_IF |       \
	 RFLAGS_DF | RFLAGS_OF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC |     \
	 RFLAGS_VIF | RFLAGS_VIP | RFLAGS_ID)

struct tss32 {
	uint32_t link, stacks[6], cr3, eip, eflags, gpr[8];
	uint32_t selector[SEG_LDTR + 1];
	uint16_t trap, io_map;
};

struct tss16 {
	uint16_t link, stacks[6], ip, flags, gpr[8];
	uint16_t selector[SEG_DS + 1], ldt;
};

static_assert(sizeof(struct tss32) == TSS_BYTES, "SDM 3A figure 8-2");
static_assert(offsetof(struct tss32, selector) == 0x48, "SDM 3A figure 8-2");
static_assert(sizeof(struct tss16) == 44, "SDM 3A figure 8-10");

const struct tss_form *tss_form(bool wide)
{
	static const struct tss_form form16 = { sizeof(struct tss16), offsetof(struct tss16, ip),
						offsetof(struct tss16, ldt) };
	static const struct tss_form form32 = { TSS_BYTES, offsetof(struct tss32, eip),
						offsetof(struct tss32, selector[SEG_LDTR]) };

	return wide ? &form32 : &form16;
}

static void save16(uint8_t bytes[TSS_BYTES], const struct tss_task *t)
{
	struct tss16 s;

	memcpy(&s, bytes, sizeof(s));
	s.ip = t->eip;
	s.flags = t->eflags;
	for (unsigned n = 0; n < ARRAY_SIZE(s.gpr); n++)
		s.gpr[n] = t->gpr[n];
	for (unsigned n = 0; n < ARRAY_SIZE(s.selector); n++)
		s.selector[n] = t->selector[n];
	memcpy(bytes, &s, sizeof(s));
}

void tss_save(uint8_t bytes[TSS_BYTES], bool wide, const struct tss_task *t)
{
	struct tss32 s;

	if (!wide) {
		save16(bytes, t);
		return;
	}
	memcpy(&s, bytes, sizeof(s));
	s.eip = t->eip;
	s.eflags = t->eflags;
	memcpy(s.gpr, t->gpr, sizeof(s.gpr));
	for (unsigned n = 0; n < SEG_LDTR; n++)
		s.selector[n] = t->selector[n];
	memcpy(bytes, &s, sizeof(s));
}

static void load16(const uint8_t bytes[TSS_BYTES], struct tss_task *t)
{
	struct tss16 s;

	memcpy(&s, bytes, sizeof(s));
	memset(t, 0, sizeof(*t));
	t->eip = s.ip;
	t->eflags = s.flags;
	for (unsigned n = 0; n < ARRAY_SIZE(s.gpr); n++)
		t->gpr[n] = s.gpr[n];
	for (unsigned n = 0; n < ARRAY_SIZE(s.selector); n++)
		t->selector[n] = s.selector[n];
	t->selector[SEG_LDTR] = s.ldt;
}

static void load32(const uint8_t bytes[TSS_BYTES], struct tss_task *t)
{
	struct tss32 s;

	memcpy(&s, bytes, sizeof(s));
	t->eip = s.eip;
	t->eflags = s.eflags;
	t->cr3 = s.cr3;
	memcpy(t->gpr, s.gpr, sizeof(s.gpr));
	for (unsigned n = 0; n <= SEG_LDTR; n++)
		t->selector[n] = s.selector[n];
	t->trap = s.trap & 1;
}

void tss_load(const uint8_t bytes[TSS_BYTES], bool wide, struct tss_task *t)
{
	if (wide)
		load32(bytes, t);
	else
		load16(bytes, t);
	t->eflags = (t->eflags & EFLAGS_KNOWN) | RFLAGS_FIXED;
}

struct vcpu_segment tss_segment(uint16_t selector, uint64_t d)
{
	uint32_t limit = field_get(MASK(15, 0), d) | field_get(MASK(51, 48), d) << 16;
	uint32_t attributes = field_get(MASK(55, 40), d) & ~MASK(11, 8);

	return (struct vcpu_segment){
		.selector = selector,
		.attributes = attributes,
		.limit = attributes & PAGES ? limit << 12 | 0xfff : limit,
		.base = field_get(MASK(39, 16), d) | field_get(MASK(63, 56), d) << 24,
	};
}

struct vcpu_segment tss_segment_v86(uint16_t selector)
{
	return (struct vcpu_segment){ selector, ATTRIBUTES_V86, UINT16_MAX, selector * 16u };
}

/* CS and SS tell the privilege level even then. */
struct vcpu_segment tss_segment_none(enum vcpu_seg n, uint16_t selector, unsigned cpl)
{
	uint32_t type = n == SEG_CS     ? ATTRIBUTES_CODE
			: n == SEG_LDTR ? PRESENT | TYPE_LDT
					: ATTRIBUTES_DATA | SEGMENT_UNUSABLE;

	if (n == SEG_LDTR)
		type |= SEGMENT_UNUSABLE;
	else
		type = field_set(DPL, type, cpl);
	return (struct vcpu_segment){ selector, type, 0, 0 };
}

static unsigned code_fault(const struct vcpu_segment *s, unsigned dpl, unsigned cpl)
{
	if (!(s->attributes & CODE))
		return VECTOR_TS;
	if (s->attributes & CONFORMS ? dpl > cpl : dpl != cpl)
		return VECTOR_TS;
	return s->attributes & PRESENT ? 0 : VECTOR_NP;
}

static unsigned stack_fault(const struct vcpu_segment *s, unsigned dpl, unsigned cpl)
{
	if ((s->attributes & (CODE | WRITABLE)) != WRITABLE)
		return VECTOR_TS;
	if (dpl != cpl || (s->selector & 3u) != cpl)
		return VECTOR_TS;
	return s->attributes & PRESENT ? 0 : VECTOR_SS;
}

static unsigned data_fault(const struct vcpu_segment *s, unsigned dpl, unsigned cpl)
{
	bool code = s->attributes & CODE;

	if (code && !(s->attributes & WRITABLE))
		return VECTOR_TS;
	if (!(code && (s->attributes & CONFORMS)) && dpl < MAX(cpl, s->selector & 3u))
		return VECTOR_TS;
	return s->attributes & PRESENT ? 0 : VECTOR_NP;
}

unsigned tss_segment_fault(enum vcpu_seg n, const struct vcpu_segment *s, unsigned cpl)
{
	unsigned dpl = field_get(DPL, s->attributes);

	if (n == SEG_LDTR) {
		bool good = (s->attributes & (TYPE | NO_SYSTEM | PRESENT)) == (TYPE_LDT | PRESENT);

		return good ? 0 : VECTOR_TS;
	}
	if (!(s->attributes & NO_SYSTEM))
		return VECTOR_TS;
	if (n == SEG_CS)
		return code_fault(s, dpl, cpl);
	return n == SEG_SS ? stack_fault(s, dpl, cpl) : data_fault(s, dpl, cpl);
}

unsigned tss_null_fault(enum vcpu_seg n)
{
	return n == SEG_CS || n == SEG_SS ? VECTOR_TS : 0;
}

unsigned tss_fault(const struct vcpu_segment *tss, bool returns)
{
	uint32_t type = tss->attributes & (TYPE | NO_SYSTEM);

	if ((type & ~(uint32_t)TYPE_WIDE) != (TYPE_TSS | (returns ? TSS_BUSY : 0)))
		return returns ? VECTOR_TS : VECTOR_GP;
	if (!(tss->attributes & PRESENT))
		return VECTOR_NP;
	return tss->limit + 1ull < tss_form(tss_is_wide(tss))->bytes ? VECTOR_TS : 0;
}
