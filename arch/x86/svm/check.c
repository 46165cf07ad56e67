/*
 * Why VMRUN refused a VMCB: the manual's list as a table, for the message that a developer needs.
 */
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/svm_vcpu.h"

#define EFER_KNOWN                                                                                 \
	(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME | EFER_LMSLE | EFER_FFXSR | BIT(15))
#define CR4_KNOWN                                                                                  \
	(MASK(12, 0) | MASK(18, 16) | MASK(23, 20)) /* VME to LA57, FSGSBASE to OSXSAVE, to CET */
#define CS_L_D      (BIT(9) | BIT(10))
#define CS          b->segment[VMCB_CS].attributes
#define LONG_PAGING (b->efer & EFER_LME && b->cr0 & CR0_PG)

static bool pat_is_bad(uint64_t pat)
{
	for (unsigned i = 0; i < 64; i += 8) {
		unsigned type = pat >> i & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return true;
	}
	return false;
}

static bool event_is_bad(uint64_t event)
{
	unsigned type = field_get(VMCB_EVENT_TYPE, event);

	return event & VMCB_EVENT_VALID && (type == 1 || type > VMCB_EVENT_SOFTWARE);
}

static bool exception_is_bad(uint64_t event)
{
	unsigned vector = field_get(VMCB_EVENT_VECTOR, event);

	return event & VMCB_EVENT_VALID &&
	       field_get(VMCB_EVENT_TYPE, event) == VMCB_EVENT_EXCEPTION &&
	       (vector == VECTOR_NMI || vector > 31);
}

const char *svm_check(const struct vmcb *b, unsigned physical_bits, unsigned n)
{
	uint64_t limit = BIT(physical_bits);

#define SVM_CHECK(text, wrong)                                                                     \
	if ((wrong) && n-- == 0)                                                                   \
		return text;
#include "arch/x86/svm/check.def"
#undef SVM_CHECK
	return NULL;
}
