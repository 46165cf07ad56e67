/*
 * The local APIC as a guest sees it, in both modes: priorities, registers, timer, level-triggered
 * interrupts, moves from mode to mode. However the hypervisor and the CPU share the work, the
 * lines are the same; each ends in "ok".
 */
#include "guests/apic/check.h"

#include <stddef.h>

#include "guests/lib/apic.h"
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

int main(void)
{
	for (unsigned vector = TRAP_FIRST_IRQ; vector < APIC_SPURIOUS_VECTOR; vector++)
		trap_bind(vector, note, NULL);
	for (unsigned x2 = 0; x2 < 2; x2++) {
		apic_init(x2);
		delivery_cases();
		register_cases();
		timer_cases();
		level_cases();
	}
	mode_cases();
	print("apic: %u checks, %u wrong\n", checks, wrong);
	return wrong;
}
