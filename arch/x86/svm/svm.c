/*
 * The backend's table, and the calls too small for a file of their own.
 */
#include "arch/x86/svm/svm.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/svm/caps.h"
#include "arch/x86/svm/svm_vcpu.h"
#include "lib/string.h"

#define CPUID1_ECX_CX16 BIT(13)

static enum err init(void)
{
	enum err e = svm_caps_init();

	if (e == OK)
		svm_maps_init();
	return e;
}

static const struct ptab_format *nested_format(void)
{
	return cpu_has(CPU_PAGE_1G) ? &ptab_npt_1g : &ptab_npt_2m;
}

/* Bochs reads CR2 from the VMCB and does not load it. */
static void set_cr2(struct vcpu *v, uint64_t cr2)
{
	insn_write_cr2(cr2);
	svm_vmcb(v)->cr2 = cr2;
	svm_vmcb(v)->clean &= ~VMCB_CLEAN_CR2;
}

static void tsc_changed(struct vcpu *v)
{
	svm_vmcb(v)->tsc_offset = v->tsc_offset;
	svm_vmcb(v)->clean &= ~VMCB_CLEAN_CONTROL;
}

static bool set_timer(uint64_t deadline)
{
	return false;
}

static uint32_t cpuid_hides(uint32_t leaf, unsigned reg)
{
	return leaf == 1 && reg == 2 && svm_caps.no_cx16 ? CPUID1_ECX_CX16 : 0;
}

static size_t insn_bytes(struct vcpu *v, uint8_t bytes[15])
{
	const struct vmcb *b = svm_vmcb(v);
	size_t n = MIN(b->insn_bytes, 15);

	if (!svm_has(SVM_DECODE))
		return 0;
	memcpy(bytes, b->insn, n);
	return n;
}

const struct backend svm_backend = {
	.name = "AMD-V",
	.want = svm_want,
	.init = init,
	.cpu_enable = svm_cpu_enable,
	.nested_format = nested_format,
	.msr_open = svm_msr_open,
	.vcpu_pages = 2, /* the VMCB, then struct svm_vcpu */
	.vcpu_init = svm_vcpu_init,
	.switch_in = svm_switch_in,
	.switch_out = svm_switch_out,
	.run = svm_run,
	.can_inject = svm_can_inject,
	.ask_window = svm_ask_window,
	.ask_cr8 = svm_ask_cr8,
	.get_state = svm_get_state,
	.set_state = svm_set_state,
	.get_mode = svm_get_mode,
	.code_root = svm_code_root,
	.get_segment = svm_get_segment,
	.set_cr2 = set_cr2,
	.msr_read = svm_msr_read,
	.msr_write = svm_msr_write,
	.set_timer = set_timer,
	.tsc_changed = tsc_changed,
	.flush = svm_flush,
	.shadow_clear = svm_shadow_clear,
	.cpuid_hides = cpuid_hides,
	.insn_bytes = insn_bytes,
};
