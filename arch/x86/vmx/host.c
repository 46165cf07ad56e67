/*
 * VT-x on each host CPU: switched on with a page of its own, and left on. Which VMCS is current is
 * remembered for each CPU, since making one current costs far more than using it. The host's state
 * is loaded by the CPU at every exit: all of it is constant once the CPU runs guests.
 *
 * An exit leaves the limits of GDTR and IDTR at 0xffff and that of TR at 0x67 (SDM 3C 28.5.2). Only
 * the host itself loads selectors or raises vectors while that holds, from its own tables, and its
 * TSS is just 0x68 bytes long: nothing needs to be restored.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/idt.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"
#include "lib/assert.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/hvmap.h"

static uint8_t vmxon_region[MAX_CPUS][PAGE_SIZE] ALIGNED(PAGE_SIZE);
static struct vmx_vcpu *current[MAX_CPUS];

static COLD void use(struct vmx_vcpu *x)
{
	if (!vmx_load(x->vmcs_hpa))
		panic("vmx: CPU %u refuses the VMCS at %#lx", cpu_index(), x->vmcs_hpa);
	current[cpu_index()] = x;
}

struct vmx_vcpu *vmx_use(const struct vcpu *v)
{
	struct vmx_vcpu *x = v->arch;

	if (UNLIKELY(current[cpu_index()] != x))
		use(x);
	return x;
}

void vmx_leave(struct vmx_vcpu *x)
{
	if (!vmx_clear(x->vmcs_hpa))
		panic("vmx: CPU %u can't clear the VMCS at %#lx", cpu_index(), x->vmcs_hpa);
	x->launched = false;
	current[cpu_index()] = NULL;
}

/* The firmware decides, unless it has left the register open. */
static bool firmware_allows(void)
{
	uint64_t v;

	if (!msr_read_safe(MSR_FEATURE_CONTROL, &v))
		return true;
	if (!(v & FEATURE_CONTROL_LOCK)) {
		v |= FEATURE_CONTROL_VMX | FEATURE_CONTROL_LOCK;
		msr_write(MSR_FEATURE_CONTROL, v);
	}
	return v & FEATURE_CONTROL_VMX;
}

enum err vmx_cpu_enable(void)
{
	unsigned cpu = cpu_index();
	const struct vmx_caps *c = &vmx_caps;

	if (!firmware_allows()) {
		log_error("vmx: the firmware has switched VT-x off on CPU %u: enable VT-x (Intel "
			  "Virtualization Technology) in the firmware's setup",
			  cpu);
		return ERR_UNSUPPORTED;
	}
	insn_write_cr0((insn_read_cr0() | c->cr0_on) & ~c->cr0_off);
	insn_write_cr4((insn_read_cr4() | c->cr4_on | CR4_VMXE) & ~c->cr4_off);
	memcpy(vmxon_region[cpu], &c->revision, sizeof(c->revision));
	if (!vmx_on(hvmap_image_hpa(vmxon_region[cpu]).v)) {
		log_error("vmx: CPU %u refuses VMXON: VT-x is in use already", cpu);
		return ERR_UNSUPPORTED;
	}
	vmx_forget_all();
	vmx_set_timer(TIMER_NEVER);
	return OK;
}

static uint64_t tss_base(uint64_t gdt)
{
	uint64_t low, high;

	memcpy(&low, (const char *)gdt + SELECTOR_TSS, sizeof(low));
	memcpy(&high, (const char *)gdt + SELECTOR_TSS + 8, sizeof(high));
	return (low >> 16 & 0xffffff) | (low >> 56) << 24 | high << 32;
}

static void host_tables(void)
{
	uint64_t gdt = insn_sgdt().base;

	vmwrite(VMCS_HOST_GDTR_BASE, gdt);
	vmwrite(VMCS_HOST_IDTR_BASE, insn_sidt().base);
	vmwrite(VMCS_HOST_TR_BASE, tss_base(gdt));
	vmwrite(VMCS_HOST_TR_SELECTOR, SELECTOR_TSS);
	vmwrite(VMCS_HOST_CS_SELECTOR, SELECTOR_CODE);
	vmwrite(VMCS_HOST_SS_SELECTOR, SELECTOR_DATA);
	vmwrite(VMCS_HOST_DS_SELECTOR, SELECTOR_DATA);
	vmwrite(VMCS_HOST_ES_SELECTOR, SELECTOR_DATA);
	vmwrite(VMCS_HOST_FS_SELECTOR, 0);
	vmwrite(VMCS_HOST_GS_SELECTOR, 0);
	vmwrite(VMCS_HOST_FS_BASE, 0);
	vmwrite(VMCS_HOST_GS_BASE, msr_read(MSR_GS_BASE));
}

void vmx_host_state(struct vmx_vcpu *x)
{
	vmwrite(VMCS_HOST_CR0, insn_read_cr0());
	vmwrite(VMCS_HOST_CR3, insn_read_cr3());
	vmwrite(VMCS_HOST_CR4, insn_read_cr4());
	vmwrite(VMCS_HOST_EFER, msr_read(MSR_EFER));
	vmwrite(VMCS_HOST_PAT, msr_read(MSR_PAT));
	host_tables();
	vmwrite(VMCS_HOST_SYSENTER_CS, 0);
	vmwrite(VMCS_HOST_SYSENTER_ESP, 0);
	vmwrite(VMCS_HOST_SYSENTER_EIP, 0);
	vmwrite(VMCS_HOST_RIP, (uint64_t)vmx_exit);
	x->hosted = true;
}
