/*
 * From one vCPU's registers to another's, the ones that no backend switches at each entry.
 */
#include "vmm/switch.h"

#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/speculation.h"
#include "vmm/backend.h"
#include "vmm/guestmem.h"
#include "vmm/vclock.h"

static inline void switch_out(struct vcpu *v, uint64_t mask)
{
	if (v->run_state == VCPU_READY)
		vclock_leave(v);
	backend->switch_out(v);
	if (vcpu_xcr0(v) != mask)
		insn_xsetbv(0, mask);
	fpu_save(v->fpu);
}

void switch_between(struct vcpu **held, struct vcpu *v)
{
	uint64_t mask = fpu_xcr0_mask();
	struct vcpu *last = *held;

	if (last)
		switch_out(last, mask);
	else if (mask)
		insn_xsetbv(0, mask);
	if (!last || last->domain != v->domain)
		speculation_wipe();
	guestmem_enter(v->domain);
	fpu_restore(v->fpu);
	if (v->xcr0 != mask)
		insn_xsetbv(0, v->xcr0);
	backend->switch_in(v);
	vclock_enter(v);
	*held = v;
}

COLD void switch_save(struct vcpu **held, struct vcpu *v)
{
	if (*held != v)
		return;
	switch_out(v, fpu_xcr0_mask());
	*held = NULL;
}

void switch_forget(struct vcpu **held, struct vcpu *v)
{
	if (*held != v)
		return;
	backend->switch_out(v);
	*held = NULL;
}
