/*
 * The guest's whole state as a neutral struct, and the part that address translation needs.
 */
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/svm/svm_vcpu.h"

/* The CPU refuses a guest without EFER.SVME; the guest itself must not see it. */
static uint64_t efer_shown(const struct vmcb *b)
{
	return b->efer & ~(uint64_t)EFER_SVME;
}

static void get_msrs(const struct vmcb *b, struct vcpu_state *s)
{
	s->star = b->star;
	s->lstar = b->lstar;
	s->cstar = b->cstar;
	s->sfmask = b->sfmask;
	s->kernel_gs_base = b->kernel_gs_base;
	s->sysenter_cs = b->sysenter_cs;
	s->sysenter_esp = b->sysenter_esp;
	s->sysenter_eip = b->sysenter_eip;
	s->pat = b->pat;
	s->debugctl = b->debugctl;
}

static void set_msrs(struct vmcb *b, const struct vcpu_state *s)
{
	b->star = s->star;
	b->lstar = s->lstar;
	b->cstar = s->cstar;
	b->sfmask = s->sfmask;
	b->kernel_gs_base = s->kernel_gs_base;
	b->sysenter_cs = s->sysenter_cs;
	b->sysenter_esp = s->sysenter_esp;
	b->sysenter_eip = s->sysenter_eip;
	b->pat = s->pat;
	b->debugctl = s->debugctl;
}

void svm_get_state(struct vcpu *v, struct vcpu_state *s)
{
	const struct vmcb *b = svm_vmcb(v);

	*s = (struct vcpu_state){
		.version = VCPU_STATE_VERSION,
		.gdtr = { b->segment[VMCB_GDTR].base, b->segment[VMCB_GDTR].limit },
		.idtr = { b->segment[VMCB_IDTR].base, b->segment[VMCB_IDTR].limit },
		.cr0 = b->cr0,
		.cr2 = b->cr2,
		.cr3 = b->cr3,
		.cr4 = b->cr4,
		.efer = efer_shown(b),
		.dr6 = b->dr6,
		.dr7 = b->dr7,
		.irq_shadow = b->int_state & VMCB_INT_SHADOW,
		.nmi_blocked = svm_of(v)->nmi_blocked,
	};
	for (unsigned i = 0; i < SEG_COUNT; i++)
		svm_get_segment(v, i, &s->segment[i]);
	get_msrs(b, s);
	if (svm_of(v)->loaded) {
		svm_switch_out(v);
		svm_of(v)->loaded = true;
	}
}

void svm_set_state(struct vcpu *v, const struct vcpu_state *s)
{
	struct svm_vcpu *own = svm_of(v);
	struct vmcb *b = own->vmcb;

	for (unsigned i = 0; i < SEG_COUNT; i++)
		svm_set_segment(b, i, &s->segment[i]);
	b->segment[VMCB_GDTR].base = s->gdtr.base;
	b->segment[VMCB_GDTR].limit = s->gdtr.limit;
	b->segment[VMCB_IDTR].base = s->idtr.base;
	b->segment[VMCB_IDTR].limit = s->idtr.limit;
	b->cr0 = s->cr0;
	b->cr2 = s->cr2;
	b->cr3 = s->cr3;
	b->cr4 = s->cr4;
	b->efer = s->efer | EFER_SVME;
	b->dr6 = s->dr6;
	b->dr7 = s->dr7;
	set_msrs(b, s);
	b->int_state = s->irq_shadow ? VMCB_INT_SHADOW : 0;
	svm_window_close(own);
	own->care = 0;
	svm_nmi_block(own, s->nmi_blocked);
	b->clean = 0;
	if (own->loaded)
		svm_switch_in(v);
}

void svm_get_mode(struct vcpu *v, struct vcpu_mode *m)
{
	const struct vmcb *b = svm_vmcb(v);
	uint16_t cs = b->segment[VMCB_CS].attributes;

	m->cr0 = b->cr0;
	m->cr3 = b->cr3;
	m->cr4 = b->cr4;
	m->efer = efer_shown(b);
	m->cpl = b->cpl;
	if (b->efer & EFER_LMA && cs & SEGMENT_L >> 4)
		m->code_bytes = 8;
	else
		m->code_bytes = cs & SEGMENT_DB >> 4 ? 4 : 2;
}

uint64_t svm_code_root(const struct vcpu *v)
{
	const struct vmcb *b = svm_vmcb(v);
	bool code64 = b->efer & EFER_LMA && b->segment[VMCB_CS].attributes & SEGMENT_L >> 4;

	return LIKELY(code64 && !(b->cr4 & CR4_LA57)) ? b->cr3 : CODE_ROOT_NONE;
}
