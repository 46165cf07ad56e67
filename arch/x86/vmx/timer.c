/*
 * The VMX-preemption timer (SDM 3C 26.5.1): counts down while a guest runs and makes it exit at 0,
 * whatever its IF. It holds the time until vmm/timer.c's next deadline. A guest that is entered
 * with IF clear leaves within a bound: Bochs forgets about external interrupts then (emulators.md,
 * defect 1), and on silicon the bound costs a thousand exits a second of such code.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define TIMER_MOST 0xffffffffu

static uint64_t deadlines[MAX_CPUS];

bool vmx_set_timer(uint64_t deadline)
{
	deadlines[cpu_index()] = deadline;
	return vmx_has(VMX_TIMER);
}

void vmx_timer_load(struct vmx_vcpu *x, bool interrupts_on)
{
	uint64_t deadline = deadlines[cpu_index()], left = TIMER_MOST, now;

	if (LIKELY(deadline != TIMER_NEVER)) {
		now = tsc_read();
		left = now < deadline ? (deadline - now) >> vmx_caps.timer_shift : 0;
	}
	if (!interrupts_on)
		left = MIN(left, tsc_khz() >> vmx_caps.timer_shift);
	left = MIN(left, TIMER_MOST);
	if (left == x->preemption)
		return;
	x->preemption = (uint32_t)left;
	vmwrite(VMCS_PREEMPTION_TIMER, left);
}
