/*
 * INIT and STARTUP messages. A paused vCPU takes them, too, and stays paused.
 */
#include "vmm/startup.h"

#include "lib/bits.h"
#include "vmm/backend.h"
#include "vmm/cpuid.h"
#include "vmm/event.h"
#include "vmm/ioreq.h"
#include "vmm/sched.h"
#include "vmm/vcpu_make.h"

static enum vcpu_run_state startup_state(const struct vcpu *v)
{
	return v->run_state == VCPU_PAUSED ? v->paused_from : v->run_state;
}

void startup_reset(struct vcpu *v)
{
	struct vcpu_regs regs;
	struct vcpu_state state;

	sched_off(v);
	vcpu_state_reset(&regs, &state);
	vcpu_reset(v, &regs, &state);
	event_reset(v);
	sched_wait_startup(v);
}

void startup_init(struct vcpu *v)
{
	bool paused = v->run_state == VCPU_PAUSED;

	if (startup_state(v) == VCPU_OFF)
		return;
	ioreq_cancel(v);
	sched_wait_startup(v);
	vcpu_reset_init(v);
	/* Family, model and stepping (SDM 3A 9.1.2). */
	v->regs.gpr[GPR_RDX] = cpuid_guest(v, 1, 0).eax;
	if (v->index == 0)
		sched_ready(v);
	if (paused)
		sched_pause(v);
}

void startup_begin(struct vcpu *v)
{
	uint8_t vector = __atomic_load_n(&v->startup_vector, __ATOMIC_RELAXED);
	struct vcpu_state s;

	if (startup_state(v) != VCPU_INIT)
		return;
	backend->get_state(v, &s);
	s.segment[SEG_CS].selector = (uint16_t)(vector << 8);
	s.segment[SEG_CS].base = (uint64_t)vector << PAGE_SHIFT;
	backend->set_state(v, &s);
	v->regs.rip = 0;
	if (v->run_state == VCPU_PAUSED)
		v->paused_from = VCPU_READY;
	else
		sched_ready(v);
}
