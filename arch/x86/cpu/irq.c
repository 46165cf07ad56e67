/*
 * Vectors of the host and who handles them. Vectors 0x20..0x2f belong to the masked 8259 pair,
 * which can still send a spurious interrupt: it is dropped, without EOI.
 */
#include "arch/x86/cpu/irq.h"

#include "arch/x86/cpu/idt.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/lapic.h"
#include "lib/log.h"

static struct {
	irq_handler_fn *fn;
	void *arg;
} handlers[256];

void irq_set_handler(uint8_t vector, irq_handler_fn *fn, void *arg)
{
	handlers[vector].arg = arg;
	/* Pairs with the acquire in irq_dispatch on another CPU: arg is there before fn. */
	__atomic_store_n(&handlers[vector].fn, fn, __ATOMIC_RELEASE);
}

int irq_alloc(irq_handler_fn *fn, void *arg)
{
	for (int v = IRQ_VECTOR_FIRST; v <= IRQ_VECTOR_LAST; v++) {
		if (handlers[v].fn)
			continue;
		irq_set_handler((uint8_t)v, fn, arg);
		return v;
	}
	return ERR_NOMEM;
}

void irq_dispatch(uint8_t vector)
{
	irq_handler_fn *fn = __atomic_load_n(&handlers[vector].fn, __ATOMIC_ACQUIRE);

	if (vector < IRQ_VECTOR_FIRST || vector == IRQ_VECTOR_SPURIOUS)
		return;
	if (fn)
		fn(handlers[vector].arg);
	else
		log_warn("interrupt with vector %#x, which nobody handles", vector);
	lapic_eoi();
}

void irq_window(void)
{
	insn_sti_nop_cli();
}

void irq_wait(void)
{
	lapic_look_again();
	insn_sti_hlt_cli();
}
