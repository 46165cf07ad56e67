/*
 * The local APIC as a guest sees it, in both modes: priorities, registers, timer, level-triggered
 * interrupts, moves from mode to mode; with several vCPUs, what they send each other and the time
 * that they have in common. However the hypervisor and the CPU share the work, the
 * lines are the same; each ends in "ok".
 */
#include "guests/apic/check.h"

#include <stddef.h>

#include "guests/apic/smp.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/trap.h"

static uint64_t taken;
static unsigned checks, wrong;
static void (*call)(uint8_t vector);

static void note(struct trap_frame *frame, void *arg)
{
	taken = taken << 8 | frame->vector;
	if (call)
		call((uint8_t)frame->vector);
	apic_eoi();
}

void notes_clear(void)
{
	taken = 0;
}

uint64_t notes(void)
{
	return taken;
}

void notes_call(void (*fn)(uint8_t vector))
{
	call = fn;
}

void irq_gap(void)
{
	irq_enable();
	for (volatile int i = 0; i < 4; i++)
		;
	irq_disable();
}

void check(const char *what, uint64_t got, uint64_t wanted)
{
	const char *mode = apic_is_x2apic() ? "x2apic" : "xapic";

	checks++;
	if (got == wanted) {
		print("%s: %s: ok\n", mode, what);
		return;
	}
	wrong++;
	print("%s: %s: WRONG, %#lx instead of %#lx\n", mode, what, got, wanted);
}

static void several_cases(void)
{
	smp_begin();
	ipi_cases();
	storm_cases();
	clock_cases();
	kvm_cases();
	smp_end();
}

static void bind_notes(void)
{
	for (unsigned vector = TRAP_FIRST_IRQ; vector < APIC_SPURIOUS_VECTOR; vector++)
		trap_bind(vector, note, NULL);
}

int main(void)
{
	for (unsigned x2 = 0; x2 < 2; x2++) {
		apic_init(x2);
		bind_notes();
		delivery_cases();
		register_cases();
		timer_cases();
		level_cases();
		eoi_cases();
		if (boot->vcpus > 1)
			several_cases();
	}
	bind_notes();
	mode_cases();
	print("apic: %u checks, %u wrong\n", checks, wrong);
	return wrong;
}
