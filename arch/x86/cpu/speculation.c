/*
 * The choice is made from what CPUID and IA32_ARCH_CAPABILITIES say (SDM 4, table 2-2); a
 * microcode update may be what is missing, and the log says so.
 */
#include "arch/x86/cpu/speculation.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "lib/log.h"
#include "lib/string.h"

static unsigned wipes RO_AFTER_INIT;

unsigned speculation_choose(const struct speculation_facts *f, unsigned *lacks)
{
	unsigned needs = WIPE_PREDICTORS, offers = 0;

	if (f->intel && !(f->arch_caps & (ARCH_CAPS_RDCL_NO | ARCH_CAPS_SKIP_L1DFL)))
		needs |= WIPE_L1D;
	if (f->intel && !(f->arch_caps & ARCH_CAPS_MDS_NO))
		needs |= WIPE_BUFFERS;
	offers |= f->ibpb ? WIPE_PREDICTORS : 0;
	offers |= f->l1d_flush ? WIPE_L1D : 0;
	offers |= f->md_clear ? WIPE_BUFFERS : 0;
	*lacks = needs & ~offers;
	return needs & offers;
}

static void log_choice(unsigned set, const char *what)
{
	if (set)
		log_info("speculation: %s between domains:%s%s%s", what,
			 set & WIPE_PREDICTORS ? " branch predictors (IBPB)" : "",
			 set & WIPE_L1D ? " first-level data cache (L1D_FLUSH)" : "",
			 set & WIPE_BUFFERS ? " fill buffers (MD_CLEAR)" : "");
}

void speculation_init(void)
{
	struct speculation_facts f = {
		.intel = !strcmp(cpu_vendor(), "GenuineIntel"),
		.ibpb = cpu_has(CPU_SPEC_CTRL) || cpu_has(CPU_IBPB),
		.l1d_flush = cpu_has(CPU_L1D_FLUSH),
		.md_clear = cpu_has(CPU_MD_CLEAR),
	};
	unsigned lacks;

	if (cpu_has(CPU_ARCH_CAPS))
		msr_read_safe(MSR_ARCH_CAPS, &f.arch_caps);
	wipes = speculation_choose(&f, &lacks);
	log_choice(wipes, "wiped");
	log_choice(lacks, "CPU or microcode have nothing that wipes");
}

void speculation_wipe(void)
{
	if (LIKELY(!wipes))
		return;
	if (wipes & WIPE_PREDICTORS)
		msr_write(MSR_PRED_CMD, PRED_CMD_IBPB);
	if (wipes & WIPE_L1D)
		msr_write(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
	if (wipes & WIPE_BUFFERS)
		insn_verw();
}
