/*
 * The verdict on VT-x at boot (SDM 3D appendix A): what is required, what is optional and what its
 * lack costs. A control MSR says which bits must be 1 in its low half and which may be in its high
 * half; the controls that vcpu.c writes are put together here, once.
 */
#include "arch/x86/vmx/caps.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/vmx/insn.h"
#include "lib/log.h"
#include "lib/string.h"

#define BASIC_REVISION   MASK(30, 0)
#define MISC_TIMER_SHIFT MASK(4, 0)

enum word { BASIC, PIN, CPU, CPU2, EXIT, ENTRY, EPT, DEFECTS, WORDS };

/* Controls that must not be forced on: they would exit, or need work, for nothing. */
#define CPU_NEVER (CPU_INVLPG_EXIT | CPU_CR3_LOAD_EXIT | CPU_CR3_STORE_EXIT | CPU_RDTSC_EXIT)

struct vmx_caps vmx_caps RO_AFTER_INIT;

static uint64_t must[WORDS], may[WORDS];
static uint32_t unwanted, insisted; /* bit n: enum vmx_feature */

static const struct {
	uint8_t word;
	uint64_t bits;
	const char *text;
} required[] = {
#define VMX_REQUIRED(word, bits, text) { word, bits, text },
#define VMX_FEATURE(name, word, bit, text, without)
#define VMX_DEFECT(revision, name, text)
#include "arch/x86/vmx/features.def"
#undef VMX_REQUIRED
#undef VMX_FEATURE
#undef VMX_DEFECT
};

static const struct {
	const char *name;
	uint8_t word, bit;
	const char *text, *without;
} optional[] = {
#define VMX_REQUIRED(word, bits, text)
#define VMX_FEATURE(name, word, bit, text, without) { #name, word, bit, text, without },
#define VMX_DEFECT(revision, name, text)
#include "arch/x86/vmx/features.def"
#undef VMX_REQUIRED
#undef VMX_FEATURE
#undef VMX_DEFECT
};

static const struct {
	uint32_t revision;
	enum vmx_feature feature;
	const char *text;
} defects[] = {
#define VMX_REQUIRED(word, bits, text)
#define VMX_FEATURE(name, word, bit, text, without)
#define VMX_DEFECT(revision, name, text) { revision, VMX_##name, text },
#include "arch/x86/vmx/features.def"
#undef VMX_REQUIRED
#undef VMX_FEATURE
#undef VMX_DEFECT
};

static_assert(VMX_FEATURES <= 32, "bits of vmx_caps.features");

static uint64_t capability(uint32_t msr)
{
	uint64_t v;

	return msr_read_safe(msr, &v) ? v : 0;
}

static void read_control(enum word w, uint32_t msr)
{
	uint64_t v = capability(msr);

	must[w] = (uint32_t)v;
	may[w] = v >> 32;
}

/* A guest that changes the size of a page that it runs from stops such a CPU for good, unless no
   large page is executable. CPUs without the defect say so, or are of another vendor. */
static bool has_itlb_multihit(void)
{
	return !(capability(MSR_ARCH_CAPS) & ARCH_CAPS_NO_MULTIHIT);
}

static void read_words(void)
{
	may[BASIC] = capability(MSR_VMX_BASIC);
	read_control(PIN, MSR_VMX_TRUE_PIN);
	read_control(CPU, MSR_VMX_TRUE_CPU);
	read_control(EXIT, MSR_VMX_TRUE_EXIT);
	read_control(ENTRY, MSR_VMX_TRUE_ENTRY);
	if (may[CPU] & CPU_SECONDARY)
		read_control(CPU2, MSR_VMX_CPU2);
	if (may[CPU2] & CPU2_EPT)
		may[EPT] = capability(MSR_VMX_EPT_VPID);
	may[DEFECTS] = has_itlb_multihit();
}

static bool check_required(void)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		if ((may[required[i].word] & required[i].bits) == required[i].bits)
			continue;
		log_error("vmx: this CPU lacks %s, which is required", required[i].text);
		ok = false;
	}
	if (must[CPU] & CPU_NEVER || must[EXIT] & EXIT_ACK_IRQ) {
		log_error("vmx: this CPU forces exits that can't be used (%#lx, %#lx)", must[CPU],
			  must[EXIT]);
		ok = false;
	}
	if (!ok)
		log_error(
			"vmx: Intel's processors have had all of this since 2010 (Westmere); in a "
			"virtual machine its host must offer it");
	return ok;
}

static void forget(enum vmx_feature f)
{
	vmx_caps.features &= ~(1u << f);
}

/* Features that are of no use without another one. */
static void drop_dependents(void)
{
	if (!vmx_has(VMX_INVVPID_SINGLE) && !vmx_has(VMX_INVVPID_ALL))
		forget(VMX_VPID);
	if (!vmx_has(VMX_TPR_SHADOW)) {
		forget(VMX_X2APIC);
		forget(VMX_APIC_REGS);
		forget(VMX_VIRTUAL_IRQ);
	}
}

static void drop_defective(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(defects); i++) {
		uint32_t bit = 1u << defects[i].feature;

		if (defects[i].revision != vmx_caps.revision || ~vmx_caps.features & bit ||
		    insisted & bit)
			continue;
		log_info("vmx: %s is defective: %s", optional[defects[i].feature].text,
			 defects[i].text);
		unwanted |= bit;
		vmx_caps.features &= ~bit;
	}
}

static void find_optional(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
		if (may[optional[i].word] >> optional[i].bit & 1 && !(unwanted >> i & 1))
			vmx_caps.features |= 1u << i;
	drop_defective();
	drop_dependents();
}

static uint32_t wanted(enum vmx_feature f, uint64_t bit)
{
	return vmx_has(f) ? (uint32_t)bit : 0;
}

static void choose_controls(void)
{
	struct vmx_caps *c = &vmx_caps;

	c->pin = must[PIN] | PIN_IRQ_EXIT | PIN_NMI_EXIT | PIN_VIRTUAL_NMI |
		 wanted(VMX_TIMER, PIN_TIMER);
	c->cpu = must[CPU] | CPU_TSC_OFFSET | CPU_HLT_EXIT | CPU_MWAIT_EXIT | CPU_RDPMC_EXIT |
		 CPU_IO_EXIT | CPU_MSR_BITMAP | CPU_MONITOR_EXIT | CPU_SECONDARY;
	c->cpu |= vmx_has(VMX_TPR_SHADOW) ? CPU_TPR_SHADOW : CPU_CR8_LOAD_EXIT | CPU_CR8_STORE_EXIT;
	c->cpu2 = must[CPU2] | CPU2_EPT | CPU2_UNRESTRICTED | CPU2_RDTSCP;
	c->cpu2 |= wanted(VMX_VPID, CPU2_VPID) | wanted(VMX_WBINVD_EXIT, CPU2_WBINVD_EXIT) |
		   wanted(VMX_PAUSE_LOOP, CPU2_PAUSE_LOOP) | wanted(VMX_INVPCID, CPU2_INVPCID);
	c->exit = must[EXIT] | EXIT_HOST_64 | EXIT_SAVE_DEBUG | EXIT_SAVE_PAT | EXIT_LOAD_PAT |
		  EXIT_SAVE_EFER | EXIT_LOAD_EFER;
	c->entry = must[ENTRY] | ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER;
	c->invept_type = vmx_has(VMX_INVEPT_SINGLE) ? INVEPT_SINGLE : INVEPT_ALL;
	c->invvpid_type = vmx_has(VMX_INVVPID_SINGLE) ? INVVPID_SINGLE : INVVPID_ALL;
}

static void read_fixed(void)
{
	vmx_caps.revision = field_get(BASIC_REVISION, may[BASIC]);
	vmx_caps.timer_shift = field_get(MISC_TIMER_SHIFT, capability(MSR_VMX_MISC));
	vmx_caps.cr0_on = capability(MSR_VMX_CR0_FIXED0);
	vmx_caps.cr0_off = ~capability(MSR_VMX_CR0_FIXED1);
	vmx_caps.cr4_on = capability(MSR_VMX_CR4_FIXED0);
	vmx_caps.cr4_off = ~capability(MSR_VMX_CR4_FIXED1);
}

static void log_verdict(void)
{
	log_info("vmx: revision %#x, nested paging with %s pages", vmx_caps.revision,
		 vmx_has(VMX_EPT_1G) ? "1 GiB" : "2 MiB");
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++) {
		const char *no = unwanted >> i & 1 ? "not used: " : "no, ";
		bool has = vmx_has((enum vmx_feature)i);

		log_info("vmx: %s: %s%s", optional[i].text, has ? "yes" : no,
			 has ? "" : optional[i].without);
	}
}

bool vmx_want(const char *name, size_t bytes, bool use)
{
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++) {
		if (!str_is_word(optional[i].name, name, bytes))
			continue;
		*(use ? &insisted : &unwanted) |= 1u << i;
		return true;
	}
	return false;
}

enum err vmx_caps_init(void)
{
	if (!cpu_has(CPU_VMX)) {
		log_error("vmx: this CPU has no VT-x");
		return ERR_UNSUPPORTED;
	}
	read_words();
	if (!check_required())
		return ERR_UNSUPPORTED;
	read_fixed();
	find_optional();
	choose_controls();
	log_verdict();
	return OK;
}
