/*
 * Why an entry was refused: the manual's list (SDM 3C 27.2.1.3, 27.3.1) as a table, for the message
 * that a developer needs. The CPU itself says only that something was wrong.
 */
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/vmx_vcpu.h"

typedef uint64_t read_fn(enum vmcs_field field);

#define TYPE      MASK(3, 0)
#define CODE      BIT(3)
#define READABLE  BIT(1)
#define ACCESSED  BIT(0)
#define S         BIT(4)
#define DPL       MASK(6, 5)
#define P         BIT(7)
#define G         BIT(15)
#define TI        BIT(2)
#define RPL       MASK(1, 0)
#define ATTR_ZERO (MASK(31, 17) | MASK(11, 8))
#define ATTR_V86  0xf3u

#define SHADOW         (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)
#define DEBUGCTL_KNOWN (MASK(15, 6) | MASK(1, 0))
#define DEBUGCTL_BTF   BIT(1)
#define EFER_KNOWN     (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define RFLAGS_ZERO    (MASK(63, 22) | BIT(15) | BIT(5) | BIT(3))
#define PDPTE_ZERO     (MASK(8, 5) | MASK(2, 1))
#define ACTIVITY_HLT   1
#define NO_VMCS        (~0ull)

#define HAS_ERROR                                                                                  \
	(BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) |      \
	 BIT(VECTOR_PF) | BIT(VECTOR_AC))

/* Short for the table, too. */
#define F(name)      read(VMCS_##name)
#define SEL(n)       read(VMCS_GUEST_ES_SELECTOR + 2 * (n))
#define ATTR(n)      read(VMCS_GUEST_ES_ATTRIBUTES + 2 * (n))
#define LIMIT(n)     read(VMCS_GUEST_ES_LIMIT + 2 * (n))
#define BASE(n)      read(VMCS_GUEST_ES_BASE + 2 * (n))
#define USABLE(n)    (!(ATTR(n) & SEGMENT_UNUSABLE))
#define LONG_MODE    (F(ENTRY_CONTROLS) & ENTRY_GUEST_64)
#define CODE64       (LONG_MODE && ATTR(SEG_CS) & SEGMENT_L)
#define PROTECTED    (F(GUEST_CR0) & CR0_PE)
#define V86          (F(GUEST_RFLAGS) & RFLAGS_VM)
#define BLOCKED(by)  (F(GUEST_INTERRUPTIBILITY) & (by))
#define EVENT        F(ENTRY_EVENT)
#define EVENT_IS(of) (EVENT & VMX_EVENT_VALID && field_get(VMX_EVENT_TYPE, EVENT) == (of))
#define VECTOR       field_get(VMX_EVENT_VECTOR, EVENT)

static bool is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

static bool pat_is_bad(uint64_t pat)
{
	for (unsigned i = 0; i < 64; i += 8) {
		unsigned type = pat >> i & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return true;
	}
	return false;
}

static bool granularity_is_bad(uint32_t a, uint32_t limit)
{
	return a & G ? (~limit & MASK(11, 0)) != 0 : (limit & MASK(31, 20)) != 0;
}

/* What holds for CS and for every usable one of SS, DS, ES, FS and GS. */
static bool segment_is_bad(read_fn *read, enum vcpu_seg n)
{
	uint32_t a = ATTR(n);

	if (V86)
		return a != ATTR_V86 || LIMIT(n) != 0xffff || BASE(n) != SEL(n) << 4;
	if (n != SEG_CS && a & SEGMENT_UNUSABLE)
		return false;
	return !(a & S) || !(a & P) || a & ATTR_ZERO || granularity_is_bad(a, LIMIT(n));
}

static bool data_type_is_bad(uint32_t a)
{
	if (a & SEGMENT_UNUSABLE)
		return false;
	return !(a & ACCESSED) || (a & CODE && !(a & READABLE));
}

static bool code_type_is_bad(read_fn *read)
{
	uint32_t a = ATTR(SEG_CS), type = a & TYPE;

	return !V86 && type != 3 && !(type & CODE && type & ACCESSED);
}

static bool code_level_is_bad(read_fn *read)
{
	uint32_t a = ATTR(SEG_CS), type = a & TYPE;
	uint64_t dpl = field_get(DPL, a), cpl = field_get(DPL, ATTR(SEG_SS));

	if (V86)
		return false;
	if (type == 3)
		return dpl != 0;
	return type < 12 ? dpl != cpl : dpl > cpl;
}

static bool stack_level_is_bad(read_fn *read)
{
	bool must_be_0 = (ATTR(SEG_CS) & TYPE) == 3 || !PROTECTED;

	return !V86 && must_be_0 && ATTR(SEG_SS) & DPL;
}

static bool system_is_bad(uint32_t a, uint32_t limit)
{
	return a & S || !(a & P) || a & ATTR_ZERO || granularity_is_bad(a, limit);
}

static bool tss_type_is_bad(read_fn *read)
{
	uint32_t type = ATTR(SEG_TR) & TYPE;

	return type != 11 && (type != 3 || LONG_MODE);
}

static bool error_bit_is_bad(read_fn *read)
{
	bool wants = EVENT_IS(VMX_EVENT_EXCEPTION) && PROTECTED && BIT(VECTOR) & HAS_ERROR;

	return EVENT & VMX_EVENT_VALID && wants != !!(EVENT & VMX_EVENT_HAS_ERROR);
}

static bool step_is_bad(read_fn *read)
{
	bool wants = F(GUEST_RFLAGS) & RFLAGS_TF && !(F(GUEST_DEBUGCTL) & DEBUGCTL_BTF);

	if (!BLOCKED(SHADOW) && F(GUEST_ACTIVITY) != ACTIVITY_HLT)
		return false;
	return wants != !!(F(GUEST_PENDING_DEBUG) & PENDING_DEBUG_BS);
}

static bool pdptes_are_bad(read_fn *read, uint64_t limit)
{
	if (!(F(GUEST_CR0) & CR0_PG) || !(F(GUEST_CR4) & CR4_PAE) || LONG_MODE)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t e = read(VMCS_GUEST_PDPTE0 + 2 * i);

		if (e & PTE_PRESENT && (e & PDPTE_ZERO || e >= limit))
			return true;
	}
	return false;
}

const char *vmx_check(uint64_t (*read)(enum vmcs_field field), unsigned physical_bits, unsigned n)
{
	uint64_t limit = BIT(physical_bits);

#define VMX_CHECK(text, wrong)                                                                     \
	if ((wrong) && n-- == 0)                                                                   \
		return text;
#include "arch/x86/vmx/check.def"
#undef VMX_CHECK
	return NULL;
}
