/*
 * The stop of all CPUs at a panic: an NMI reaches them even inside a guest or with interrupts off.
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/idt.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/lapic.h"
#include "lib/assert.h"

static bool ordered;
static void (*last)(void) RO_AFTER_INIT;

static NORETURN void halt(void)
{
	for (;;) {
		insn_cli();
		insn_hlt();
	}
}

void stop_if_ordered(void)
{
	if (!__atomic_load_n(&ordered, __ATOMIC_SEQ_CST))
		return;
	this_cpu()->stopped = 1;
	halt();
}

void panic_set_last(void (*fn)(void))
{
	last = fn;
}

void panic_halt(void)
{
	bool first = !__atomic_exchange_n(&ordered, true, __ATOMIC_SEQ_CST);

	if (first && cpu_count() > 1)
		lapic_nmi_others();
	if (first && last)
		last();
	halt();
}
