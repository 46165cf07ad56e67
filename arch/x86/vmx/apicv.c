/*
 * The CPU as a guest's local APIC (SDM 3C 30): which accesses it carries out itself, on the page of
 * registers that vmm gave, and which interrupt it delivers next. A CPU that lacks one of the
 * features helps with CR8 alone (TPR shadow). Posted interrupts are not used.
 */
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"
#include "mm/hvmap.h"

#define APIC_CONTROLS (CPU2_APIC_ACCESS | CPU2_X2APIC | CPU2_APIC_REGS | CPU2_VIRTUAL_IRQ)

/* GUEST_INTERRUPT_STATUS (25.4.2). */
#define STATUS_SERVICE MASK(15, 8)

static enum apic_help apicv_help(void)
{
	if (!vmx_has(VMX_TPR_SHADOW))
		return APIC_HELP_NONE;
	if (vmx_has(VMX_APIC_ACCESS) && vmx_has(VMX_X2APIC) && vmx_has(VMX_APIC_REGS) &&
	    vmx_has(VMX_VIRTUAL_IRQ))
		return APIC_HELP_FULL;
	return APIC_HELP_TPR;
}

static void apicv_levels(struct vcpu *v, const uint32_t vectors[8])
{
	vmx_use(v);
	for (unsigned i = 0; i < 4; i++)
		vmwrite(VMCS_EOI_EXIT_0 + 2 * i,
			(uint64_t)vectors[2 * i + 1] << 32 | vectors[2 * i]);
}

static uint32_t mode_controls(enum apic_mode mode)
{
	switch (mode) {
	case APIC_BY_PAGE: return CPU2_APIC_ACCESS | CPU2_APIC_REGS | CPU2_VIRTUAL_IRQ;
	case APIC_BY_MSRS: return CPU2_X2APIC | CPU2_APIC_REGS | CPU2_VIRTUAL_IRQ;
	default: return CPU2_APIC_ACCESS; /* for its neighbours the page may be mapped */
	}
}

static void set_controls(enum apic_mode mode)
{
	vmwrite(VMCS_CPU_CONTROLS2, (vmx_caps.cpu2 & ~APIC_CONTROLS) | mode_controls(mode));
}

/* On the boot CPU, which gives the VMCS up again. */
static void apicv_init(struct vcpu *v, hpa_t registers, hpa_t access)
{
	static const uint32_t none[8];
	struct vmx_vcpu *x = vmx_use(v);

	x->vapic = hv_virt(registers);
	if (apicv_help() >= APIC_HELP_TPR) {
		vmwrite(VMCS_VIRTUAL_APIC, registers.v);
		vmwrite(VMCS_TPR_THRESHOLD, 0);
	}
	if (apicv_help() == APIC_HELP_FULL) {
		vmwrite(VMCS_APIC_ACCESS, access.v);
		vmwrite(VMCS_GUEST_INTERRUPT_STATUS, 0);
		apicv_levels(v, none);
		set_controls(APIC_BY_EXITS);
	}
	vmx_leave(x);
}

static void apicv_mode(struct vcpu *v, enum apic_mode mode)
{
	vmx_use(v);
	set_controls(mode);
	vmwrite(VMCS_MSR_BITMAP, vmx_msr_map(mode == APIC_BY_MSRS));
}

/* The entry itself computes the processor priority and looks whether the request is above it
   (27.3.2.5). */
static void apicv_status(struct vcpu *v, uint8_t request, uint8_t service)
{
	vmx_use(v);
	vmwrite(VMCS_GUEST_INTERRUPT_STATUS, field_set(STATUS_SERVICE, request, service));
}

const struct backend_apic vmx_apicv = {
	.help = apicv_help,
	.init = apicv_init,
	.mode = apicv_mode,
	.status = apicv_status,
	.levels = apicv_levels,
};
