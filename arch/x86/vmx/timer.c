/*
 * The VMX-preemption timer (SDM 3C 26.5.1): counts down while a guest runs and makes it exit at 0,
 * whatever its IF. It holds the time until vmm/timer.c's next deadline. Guests that are entered
 * with IF clear leave after a millisecond at most, however often they exit for other reasons: Bochs
 * forgets about external interrupts then (emulators.md, defect 1), and both exits named in
 * vmx_timer_window open a window for them. On silicon that costs a thousand exits a second of such
 * code.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/tsc.h"
#include "arch/x86/vmx/caps.h"
#include "arch/x86/vmx/vmx_vcpu.h"

#define TIMER_MOST 0xffffffffu

static struct {
	uint64_t deadline;
	uint64_t window; /* by then the host takes its interrupts; 0: not set */
} cpus[MAX_CPUS];

bool vmx_set_timer(uint64_t deadline)
{
	cpus[cpu_index()].deadline = deadline;
	return vmx_has(VMX_TIMER);
}

void vmx_timer_window(void)
{
	cpus[cpu_index()].window = 0;
}

void vmx_timer_load(struct vmx_vcpu *x, bool interrupts_on)
{
	unsigned cpu = cpu_index();
	uint64_t deadline = cpus[cpu].deadline, left = TIMER_MOST, now;

	if (UNLIKELY(!interrupts_on)) {
		if (!cpus[cpu].window)
			cpus[cpu].window = tsc_read() + tsc_khz();
		deadline = MIN(deadline, cpus[cpu].window);
	}
	if (LIKELY(deadline != TIMER_NEVER)) {
		now = tsc_read();
		left = now < deadline ? (deadline - now) >> vmx_caps.timer_shift : 0;
		left = MIN(left, TIMER_MOST);
	}
	if (left == x->preemption)
		return;
	x->preemption = (uint32_t)left;
	vmwrite(VMCS_PREEMPTION_TIMER, left);
}
