/*
 * The verdict on AMD-V at boot: what is required, what is optional and what its lack costs.
 */
#include "arch/x86/svm/caps.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/svm/vmcb.h"
#include "lib/log.h"
#include "lib/string.h"

#define CPUID_SVM        0x8000000au
#define CPUID_HYPERVISOR 0x40000000u

struct svm_caps svm_caps RO_AFTER_INIT;

static uint32_t unwanted; /* bits of svm_caps.features */

static const struct {
	const char *name;
	uint8_t bit;
	const char *text, *without;
} optional[] = {
#define SVM_FEATURE(name, bit, text, without) { #name, bit, text, without },
#include "arch/x86/svm/features.def"
#undef SVM_FEATURE
};

static void log_verdict(void)
{
	log_info("svm: revision %u, %u ASIDs, nested paging with %s pages", svm_caps.revision,
		 svm_caps.asids, cpu_has(CPU_PAGE_1G) ? "1 GiB" : "2 MiB");
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++) {
		bool has = svm_has(optional[i].bit);

		log_info("svm: %s: %s%s", optional[i].text, has ? "yes" : "no, ",
			 has ? "" : optional[i].without);
	}
	if (svm_caps.no_cx16)
		log_info("svm: CMPXCHG16B: not shown to guests, QEMU's spoils RFLAGS");
	if (svm_caps.irq_twice)
		log_info("svm: interrupts: injected by detours, QEMU may deliver them twice");
}

static bool is_emulated_by_qemu(void)
{
	struct cpuid c = insn_cpuid(CPUID_HYPERVISOR, 0);

	return cpu_has(CPU_HYPERVISOR) && !memcmp(&c.ebx, "TCGTCGTCGTCG", 12);
}

static void nothing_to_do(void *arg)
{
}

/*
 * QEMU's own CPU. Before 8.0 its CMPXCHG16B without LOCK takes the last result for flags, and bits
 * of a number come up in RFLAGS: Linux from 6.5 on uses it all over and falls within seconds. And
 * its VMRUN, having delivered an external interrupt, leaves the vector behind as an exception that
 * waits: when the emulator's loop is asked to stop before the guest has exited or faulted, it is
 * delivered again, with IF clear perhaps, and before the SWAPGS of an entry from user code.
 */
static void find_defects(void)
{
	svm_caps.no_cx16 = svm_caps.irq_twice = is_emulated_by_qemu();
	if (svm_caps.irq_twice)
		irq_set_handler(IRQ_VECTOR_LEAVE, nothing_to_do, NULL);
}

bool svm_want(const char *name, size_t bytes, bool use)
{
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++) {
		if (!str_is_word(optional[i].name, name, bytes))
			continue;
		if (!use)
			unwanted |= 1u << optional[i].bit;
		return true;
	}
	return false;
}

enum err svm_caps_init(void)
{
	struct cpuid c;

	if (!cpu_has(CPU_SVM)) {
		log_error("svm: this CPU has no AMD-V");
		return ERR_UNSUPPORTED;
	}
	if (!cpu_has(CPU_SVM_NPT)) {
		log_error("svm: this CPU has no nested paging, which is required");
		return ERR_UNSUPPORTED;
	}
	c = insn_cpuid(CPUID_SVM, 0);
	svm_caps.revision = c.eax & 0xff;
	svm_caps.asids = c.ebx;
	svm_caps.features = c.edx & ~unwanted;
	/* The task priority and CR2 are written before every run. */
	if (svm_has(SVM_CLEAN))
		svm_caps.clean = VMCB_CLEAN_ALL & ~(VMCB_CLEAN_VINTR | VMCB_CLEAN_CR2);
	if (svm_caps.asids < 2) {
		log_error("svm: %u ASIDs, at least 2 are required", svm_caps.asids);
		return ERR_UNSUPPORTED;
	}
	find_defects();
	log_verdict();
	return OK;
}
