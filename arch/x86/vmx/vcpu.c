/*
 * A vCPU's VMCS from its making on, and what changes hands at a switch. It is made on the boot CPU,
 * which then gives it up for the vCPU's own CPU to launch.
 */
#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"
#include "lib/string.h"
#include "mm/hvmap.h"

/* Two PAUSEs are of one loop if they are this many TSC ticks apart, and a loop is long if it lasts
   that many. */
#define PAUSE_GAP    128
#define PAUSE_WINDOW 4096

#define NO_VMCS (~0ull)

/* Ports, MSRs, whatever could stop the CPU, and what guests are not shown; control registers but
   for the host's bits and debug registers are the guest's own. */
static void set_controls(struct vmx_vcpu *x)
{
	const struct vmx_caps *c = &vmx_caps;

	x->cpu_controls = c->cpu;
	vmwrite(VMCS_PIN_CONTROLS, c->pin);
	vmwrite(VMCS_CPU_CONTROLS, c->cpu);
	vmwrite(VMCS_CPU_CONTROLS2, c->cpu2);
	vmwrite(VMCS_EXIT_CONTROLS, c->exit);
	vmwrite(VMCS_ENTRY_CONTROLS, c->entry);
	vmwrite(VMCS_EXCEPTION_BITMAP, VMX_EXCEPTIONS);
	vmwrite(VMCS_CR0_MASK, CR0_OWNED);
	vmwrite(VMCS_CR4_MASK, CR4_OWNED | CR4_REFUSED);
	vmwrite(VMCS_PF_ERROR_MASK, 0);
	vmwrite(VMCS_PF_ERROR_MATCH, 0);
	vmwrite(VMCS_CR3_TARGETS, 0);
	vmwrite(VMCS_EXIT_MSR_STORES, 0);
	vmwrite(VMCS_EXIT_MSR_LOADS, 0);
	vmwrite(VMCS_ENTRY_MSR_LOADS, 0);
	if (!vmx_has(VMX_PAUSE_LOOP))
		return;
	vmwrite(VMCS_PLE_GAP, PAUSE_GAP);
	vmwrite(VMCS_PLE_WINDOW, PAUSE_WINDOW);
}

static void set_memory(struct vmx_vcpu *x, hpa_t nested_root)
{
	vmwrite(VMCS_EPT_POINTER, vmx_ept_pointer(nested_root));
	vmwrite(VMCS_MSR_BITMAP, vmx_msr_map(false));
	vmwrite(VMCS_LINK_POINTER, NO_VMCS);
	x->vpid = vmx_vpid_new();
	if (x->vpid)
		vmwrite(VMCS_VPID, x->vpid);
}

/* A new VMCS holds anything: each field of which *x remembers the contents gets them. */
static void set_remembered(struct vmx_vcpu *x)
{
	vmwrite(VMCS_GUEST_RIP, x->exit_rip);
	vmwrite(VMCS_GUEST_RSP, x->exit_rsp);
	vmwrite(VMCS_GUEST_RFLAGS, x->exit_rflags);
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, x->interruptibility);
	vmwrite(VMCS_ENTRY_EVENT, 0);
	vmwrite(VMCS_HOST_RSP, x->host_rsp);
	if (vmx_has(VMX_TIMER))
		vmwrite(VMCS_PREEMPTION_TIMER, x->preemption);
}

static void reset(struct vcpu *v)
{
	struct vcpu_state state;

	vmwrite(VMCS_GUEST_ACTIVITY, 0);
	vmwrite(VMCS_GUEST_PENDING_DEBUG, 0);
	vcpu_state_reset(&v->regs, &state);
	vmx_set_state(v, &state);
}

void vmx_vcpu_init(struct vcpu *v, void *pages, hpa_t nested_root)
{
	struct vmx_vcpu *x = (struct vmx_vcpu *)((uint8_t *)pages + PAGE_SIZE);

	v->arch = x;
	x->vmcs_hpa = hv_hpa(pages).v;
	memcpy(pages, &vmx_caps.revision, sizeof(vmx_caps.revision));
	vmx_leave(x); /* VMCLEAR also makes a VMCS ready for use */
	vmx_use(v);
	set_controls(x);
	set_memory(x, nested_root);
	set_remembered(x);
	vmwrite(VMCS_TSC_OFFSET, v->tsc_offset);
	reset(v);
	vmx_leave(x);
}

void vmx_switch_in(struct vcpu *v)
{
	struct vmx_vcpu *x = v->arch;

	insn_write_dr0(v->dr[0]);
	insn_write_dr1(v->dr[1]);
	insn_write_dr2(v->dr[2]);
	insn_write_dr3(v->dr[3]);
	insn_write_dr6(x->dr6);
	msr_write(MSR_STAR, x->star);
	msr_write(MSR_LSTAR, x->lstar);
	msr_write(MSR_CSTAR, x->cstar);
	msr_write(MSR_SFMASK, x->sfmask);
	msr_write(MSR_KERNEL_GS_BASE, x->kernel_gs_base);
	if (cpu_has(CPU_RDTSCP))
		msr_write(MSR_TSC_AUX, v->tsc_aux);
	x->loaded = true;
}

void vmx_switch_out(struct vcpu *v)
{
	struct vmx_vcpu *x = v->arch;

	v->dr[0] = insn_read_dr0();
	v->dr[1] = insn_read_dr1();
	v->dr[2] = insn_read_dr2();
	v->dr[3] = insn_read_dr3();
	x->dr6 = insn_read_dr6();
	x->star = msr_read(MSR_STAR);
	x->lstar = msr_read(MSR_LSTAR);
	x->cstar = msr_read(MSR_CSTAR);
	x->sfmask = msr_read(MSR_SFMASK);
	x->kernel_gs_base = msr_read(MSR_KERNEL_GS_BASE);
	if (cpu_has(CPU_RDTSCP))
		v->tsc_aux = msr_read(MSR_TSC_AUX);
	x->loaded = false;
}
