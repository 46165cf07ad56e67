/*
 * The backend's table, and the calls too small for a file of their own.
 */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define CPUID7_EBX_INVPCID BIT(10)

static enum err init(void)
{
	enum err e = vmx_caps_init();

	if (e == OK)
		vmx_maps_init();
	return e;
}

static const struct ptab_format *nested_format(void)
{
	if (vmx_has(VMX_ITLB_GUARD))
		return &ptab_ept_4k_exec;
	return vmx_has(VMX_EPT_1G) ? &ptab_ept_1g : &ptab_ept_2m;
}

static void set_cr2(struct vcpu *v, uint64_t cr2)
{
	struct vmx_vcpu *x = v->arch;

	x->cr2 = cr2;
}

static void tsc_changed(struct vcpu *v)
{
	vmx_use(v);
	vmwrite(VMCS_TSC_OFFSET, v->tsc_offset);
}

/* What needs a control that this CPU lacks (SDM 3C 25.3). */
static uint32_t cpuid_hides(uint32_t leaf, unsigned reg)
{
	return leaf == 7 && reg == 1 && !vmx_has(VMX_INVPCID) ? CPUID7_EBX_INVPCID : 0;
}

static size_t insn_bytes(struct vcpu *v, uint8_t bytes[15])
{
	return 0;
}

const struct backend vmx_backend = {
	.name = "VT-x",
	.want = vmx_want,
	.init = init,
	.cpu_enable = vmx_cpu_enable,
	.nested_format = nested_format,
	.msr_open = vmx_msr_open,
	.vcpu_pages = VMX_VCPU_PAGES,
	.vcpu_init = vmx_vcpu_init,
	.switch_in = vmx_switch_in,
	.switch_out = vmx_switch_out,
	.run = vmx_run,
	.can_inject = vmx_can_inject,
	.ask_window = vmx_ask_window,
	.ask_cr8 = vmx_ask_cr8,
	.get_state = vmx_get_state,
	.set_state = vmx_set_state,
	.get_mode = vmx_get_mode,
	.code_root = vmx_code_root,
	.get_segment = vmx_get_segment,
	.set_cr2 = set_cr2,
	.msr_read = vmx_msr_read,
	.msr_write = vmx_msr_write,
	.set_timer = vmx_set_timer,
	.tsc_changed = tsc_changed,
	.flush = vmx_flush,
	.shadow_clear = vmx_shadow_clear,
	.cpuid_hides = cpuid_hides,
	.apic = &vmx_apicv,
	.insn_bytes = insn_bytes,
};
