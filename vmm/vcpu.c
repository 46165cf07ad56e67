/*
 * vCPUs: made at boot, reset at every start of their domain; exceptions that handlers raise.
 */
#include "vmm/vcpu.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "arch/x86/cpu/tsc.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/hvmap.h"
#include "vmm/backend.h"
#include "vmm/domain.h"
#include "vmm/msr.h"
#include "vmm/sched.h"
#include "vmm/vclock.h"
#include "vmm/vcpu_make.h"
#include "vmm/vlapic.h"

struct vcpu *vcpu_make(struct domain *d, unsigned index, unsigned cpu)
{
	size_t head = align_up(sizeof(struct vcpu), 64);
	uint8_t *block = frames_hv(page_up(head + fpu_area_bytes()) / PAGE_SIZE);
	struct vcpu *v = (struct vcpu *)block;

	v->domain = d;
	v->index = index;
	v->cpu = cpu;
	v->fpu = block + head;
	v->run_state = VCPU_OFF;
	v->xcr0 = fpu_xcr0_mask() ? XCR0_X87 : 0;
	fpu_area_reset(v->fpu);
	sched_vcpu_init(v);
	backend->vcpu_init(v, frames_hv(backend->vcpu_pages), hv_hpa(d->nested.root));
	vlapic_init(v);
	msr_init(v);
	return v;
}

/* What was under way, and what INIT and RESET alike make zero. */
static void vcpu_clear(struct vcpu *v)
{
	assert(v->cpu == cpu_index());
	v->inject.kind = INJECT_NONE;
	v->replay = v->nmi_pending = v->irq_shadow = v->kicked = false;
	memset(v->dr, 0, sizeof(v->dr));
	memset(&v->emulate, 0, sizeof(v->emulate));
}

void vcpu_reset(struct vcpu *v, const struct vcpu_regs *regs, const struct vcpu_state *state)
{
	vcpu_clear(v);
	v->regs = *regs;
	v->event_vector = 0;
	v->cr8 = 0;
	v->tsc_aux = v->xss = 0;
	v->xcr0 = fpu_xcr0_mask() ? XCR0_X87 : 0;
	memset(&v->io, 0, sizeof(v->io));
	memset(v->posted, 0, sizeof(v->posted));
	fpu_area_reset(v->fpu);
	v->tsc_offset = v->domain->tsc_offset;
	backend->tsc_changed(v);
	backend->set_state(v, state);
	backend->flush(v);
	vlapic_reset(v);
	msr_reset(v);
}

void vcpu_reset_init(struct vcpu *v)
{
	struct vcpu_state old, s;

	backend->get_state(v, &old);
	vcpu_clear(v);
	vcpu_state_reset(&v->regs, &s);
	s.cr0 = CR0_ET | (old.cr0 & (CR0_CD | CR0_NW));
	s.star = old.star;
	s.lstar = old.lstar;
	s.cstar = old.cstar;
	s.sfmask = old.sfmask;
	s.kernel_gs_base = old.kernel_gs_base;
	s.sysenter_cs = old.sysenter_cs;
	s.sysenter_esp = old.sysenter_esp;
	s.sysenter_eip = old.sysenter_eip;
	s.pat = old.pat;
	backend->set_state(v, &s);
	backend->flush(v);
	vlapic_reset_init(v);
	vclock_reset(v);
}

uint64_t vcpu_xcr0(struct vcpu *v)
{
	if (fpu_xcr0_mask())
		v->xcr0 = insn_xgetbv(0);
	return v->xcr0;
}

void vcpu_state_reset(struct vcpu_regs *regs, struct vcpu_state *state)
{
	static const struct vcpu_segment data = { .limit = 0xffff, .attributes = 0x93 };

	*regs = (struct vcpu_regs){ .rip = 0xfff0, .rflags = RFLAGS_FIXED };
	*state = (struct vcpu_state){
		.version = VCPU_STATE_VERSION,
		.gdtr.limit = 0xffff,
		.idtr.limit = 0xffff,
		.cr0 = CR0_CD | CR0_NW | CR0_ET,
		.dr6 = DR6_RESET,
		.dr7 = DR7_RESET,
		.pat = PAT_RESET,
	};
	for (unsigned i = SEG_ES; i <= SEG_GS; i++)
		state->segment[i] = data;
	state->segment[SEG_CS] = (struct vcpu_segment){
		.selector = 0xf000, .base = 0xffff0000, .limit = 0xffff, .attributes = 0x9b
	};
	state->segment[SEG_LDTR] = (struct vcpu_segment){ .limit = 0xffff, .attributes = 0x82 };
	state->segment[SEG_TR] = (struct vcpu_segment){ .limit = 0xffff, .attributes = 0x8b };
}

static bool exception_is_contributory(uint8_t vector)
{
	return vector == VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

/* SDM 3A table 6-5: what two exceptions, one while the other is being delivered, make. */
static bool exception_makes_double_fault(uint8_t first, uint8_t second)
{
	if (first == VECTOR_PF)
		return second == VECTOR_PF || exception_is_contributory(second);
	return exception_is_contributory(first) && exception_is_contributory(second);
}

void vcpu_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	struct vcpu_event *e = &v->inject;

	if (e->kind == INJECT_EXCEPTION && e->vector == VECTOR_DF) {
		domain_kill(v->domain, "triple fault near rip %#lx", v->regs.rip);
		return;
	}
	if (e->kind == INJECT_EXCEPTION && exception_makes_double_fault(e->vector, vector)) {
		vector = VECTOR_DF;
		has_error = true;
		error = 0;
	}
	*e = (struct vcpu_event){
		.kind = INJECT_EXCEPTION, .vector = vector, .has_error = has_error, .error = error
	};
}

void vcpu_inject_ud(struct vcpu *v)
{
	vcpu_inject_exception(v, VECTOR_UD, false, 0);
}

void vcpu_inject_gp(struct vcpu *v)
{
	vcpu_inject_exception(v, VECTOR_GP, true, 0);
}

void vcpu_inject_pf(struct vcpu *v, uint64_t address, uint32_t error)
{
	backend->set_cr2(v, address);
	vcpu_inject_exception(v, VECTOR_PF, true, error);
}
