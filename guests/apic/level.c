/*
 * Level-triggered interrupts through the I/O APIC: the UART's line is up while its transmitter is
 * empty, so that each EOI brings the next one until the handler ends it.
 */
#include "guests/apic/check.h"

#include <stddef.h>

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"

#define UART_GSI 4u
#define UART_IER 0x3f9u
#define IER_THRE 2u

#define RTE_LOW(gsi) (0x10u + 2 * (gsi))
#define RTE_LEVEL    0x8000u
#define RTE_MASKED   0x10000u

#define APIC_TMR 0x180u

static unsigned left;
static uint32_t trigger;

static void ioapic_write(uint32_t reg, uint32_t value)
{
	writel((volatile void *)HV_GUEST_IOAPIC, reg);
	writel((volatile void *)(HV_GUEST_IOAPIC + 0x10), value);
}

static void serve(uint8_t vector)
{
	trigger = apic_read(APIC_TMR + vector / 32 * 16);
	if (!--left)
		outb(UART_IER, 0);
}

void level_cases(void)
{
	notes_clear();
	notes_call(serve);
	left = 3;
	ioapic_write(RTE_LOW(UART_GSI), RTE_LEVEL | 0x55);
	outb(UART_IER, IER_THRE);
	for (unsigned i = 0; i < 3; i++)
		irq_gap();
	check("a level comes until its line falls", notes(), 0x555555);
	check("TMR tells that it is one", trigger >> 0x15 & 1, 1);
	notes_clear();
	left = 1;
	ioapic_write(RTE_LOW(UART_GSI), 0x55);
	outb(UART_IER, IER_THRE);
	irq_gap();
	check("an edge of it comes once", notes(), 0x55);
	check("TMR tells that, too", trigger >> 0x15 & 1, 0);
	ioapic_write(RTE_LOW(UART_GSI), RTE_MASKED);
	notes_call(NULL);
}
