/*
 * The guest's whole state as a neutral struct, and the part that address translation needs. The
 * order of writing matters once: segments are made to fit CR0.
 */
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define SHADOW (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS)

static void get_tables(struct vcpu_state *s)
{
	s->gdtr =
		(struct vcpu_table){ vmread(VMCS_GUEST_GDTR_BASE), vmread(VMCS_GUEST_GDTR_LIMIT) };
	s->idtr =
		(struct vcpu_table){ vmread(VMCS_GUEST_IDTR_BASE), vmread(VMCS_GUEST_IDTR_LIMIT) };
	for (unsigned i = 0; i < ARRAY_SIZE(s->pdpte); i++)
		s->pdpte[i] = vmread(VMCS_GUEST_PDPTE0 + 2 * i);
}

static void set_tables(const struct vcpu_state *s)
{
	vmwrite(VMCS_GUEST_GDTR_BASE, s->gdtr.base);
	vmwrite(VMCS_GUEST_GDTR_LIMIT, s->gdtr.limit);
	vmwrite(VMCS_GUEST_IDTR_BASE, s->idtr.base);
	vmwrite(VMCS_GUEST_IDTR_LIMIT, s->idtr.limit);
	for (unsigned i = 0; i < ARRAY_SIZE(s->pdpte); i++)
		vmwrite(VMCS_GUEST_PDPTE0 + 2 * i, s->pdpte[i]);
}

static void get_msrs(const struct vmx_vcpu *x, struct vcpu_state *s)
{
	s->star = x->star;
	s->lstar = x->lstar;
	s->cstar = x->cstar;
	s->sfmask = x->sfmask;
	s->kernel_gs_base = x->kernel_gs_base;
	s->sysenter_cs = vmread(VMCS_GUEST_SYSENTER_CS);
	s->sysenter_esp = vmread(VMCS_GUEST_SYSENTER_ESP);
	s->sysenter_eip = vmread(VMCS_GUEST_SYSENTER_EIP);
	s->pat = vmread(VMCS_GUEST_PAT);
	s->debugctl = vmread(VMCS_GUEST_DEBUGCTL);
	s->efer = vmread(VMCS_GUEST_EFER);
}

static void set_msrs(struct vmx_vcpu *x, const struct vcpu_state *s)
{
	uint64_t mode = s->efer & EFER_LMA ? ENTRY_GUEST_64 : 0;

	x->star = s->star;
	x->lstar = s->lstar;
	x->cstar = s->cstar;
	x->sfmask = s->sfmask;
	x->kernel_gs_base = s->kernel_gs_base;
	vmwrite(VMCS_GUEST_SYSENTER_CS, s->sysenter_cs);
	vmwrite(VMCS_GUEST_SYSENTER_ESP, s->sysenter_esp);
	vmwrite(VMCS_GUEST_SYSENTER_EIP, s->sysenter_eip);
	vmwrite(VMCS_GUEST_PAT, s->pat);
	vmwrite(VMCS_GUEST_DEBUGCTL, s->debugctl);
	vmwrite(VMCS_GUEST_EFER, s->efer);
	vmwrite(VMCS_ENTRY_CONTROLS, vmx_caps.entry | mode);
}

/* Takes what the CPU has of a loaded vCPU, which stays there, too. */
static void refresh(struct vcpu *v, struct vmx_vcpu *x)
{
	if (!x->loaded)
		return;
	vmx_switch_out(v);
	x->loaded = true;
}

void vmx_get_state(struct vcpu *v, struct vcpu_state *s)
{
	struct vmx_vcpu *x = vmx_use(v);
	uint64_t blocked = vmread(VMCS_GUEST_INTERRUPTIBILITY);

	refresh(v, x);
	*s = (struct vcpu_state){
		.version = VCPU_STATE_VERSION,
		.cr0 = vmx_cr0(),
		.cr2 = x->cr2,
		.cr3 = vmread(VMCS_GUEST_CR3),
		.cr4 = vmx_cr4(),
		.dr6 = x->dr6,
		.dr7 = vmread(VMCS_GUEST_DR7),
		.irq_shadow = blocked & SHADOW,
		.nmi_blocked = blocked & BLOCKED_BY_NMI,
	};
	for (unsigned i = 0; i < SEG_COUNT; i++)
		vmx_get_segment(v, i, &s->segment[i]);
	get_tables(s);
	get_msrs(x, s);
}

void vmx_set_state(struct vcpu *v, const struct vcpu_state *s)
{
	struct vmx_vcpu *x = vmx_use(v);

	vmx_set_cr0(s->cr0);
	vmx_set_cr4(s->cr4);
	vmwrite(VMCS_GUEST_CR3, s->cr3);
	x->cr2 = s->cr2;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		vmx_set_segment(i, &s->segment[i]);
	set_tables(s);
	set_msrs(x, s);
	x->dr6 = s->dr6;
	vmwrite(VMCS_GUEST_DR7, s->dr7);
	vmwrite(VMCS_GUEST_ACTIVITY, 0);
	vmwrite(VMCS_GUEST_PENDING_DEBUG, 0);
	/* A shadow by STI would be refused where IF is clear. */
	vmx_interruptibility(v, (s->irq_shadow ? BLOCKED_BY_MOV_SS : 0) |
					(s->nmi_blocked ? BLOCKED_BY_NMI : 0));
	if (x->loaded)
		vmx_switch_in(v);
	vmx_flush_guest(x);
}

/* Of CR0 and CR4 the bits that the host owns are wrong here: translation knows none of them. */
void vmx_get_mode(struct vcpu *v, struct vcpu_mode *m)
{
	uint32_t cs;

	vmx_use(v);
	cs = vmread(VMCS_GUEST_ES_ATTRIBUTES + 2 * SEG_CS);
	m->cr0 = vmread(VMCS_GUEST_CR0);
	m->cr3 = vmread(VMCS_GUEST_CR3);
	m->cr4 = vmread(VMCS_GUEST_CR4);
	m->efer = vmread(VMCS_GUEST_EFER);
	m->cpl = vmx_cpl();
	if (m->efer & EFER_LMA && cs & SEGMENT_L)
		m->code_bytes = 8;
	else
		m->code_bytes = cs & SEGMENT_DB ? 4 : 2;
}

uint64_t vmx_code_root(const struct vcpu *v)
{
	bool code64;

	vmx_use(v);
	code64 = vmread(VMCS_GUEST_EFER) & EFER_LMA &&
		 vmread(VMCS_GUEST_ES_ATTRIBUTES + 2 * SEG_CS) & SEGMENT_L;
	return LIKELY(code64 && !(vmread(VMCS_GUEST_CR4) & CR4_LA57)) ? vmread(VMCS_GUEST_CR3)
								      : CODE_ROOT_NONE;
}
