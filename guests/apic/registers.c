/* What registers keep of what is written, and errors (SDM 3A 11.4 to 11.6). */
#include "guests/apic/check.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "lib/bits.h"

#define APIC_LDR  0xd0u
#define APIC_DFR  0xe0u
#define APIC_ESR  0x280u
#define LVT_LINT0 0x350u
#define LVT_ERROR 0x370u
#define VERSION   0x50014u

#define ESR_SEND_VECTOR 0x20u

static void xapic_only(void)
{
	apic_write(APIC_ID, 0x7f000000);
	check("the ID stays", apic_read(APIC_ID), 0);
	apic_write(APIC_VERSION, 1);
	check("and the version", apic_read(APIC_VERSION), VERSION);
	check("a byte of it reads", readb((volatile void *)(APIC_PAGE + APIC_VERSION + 2)), 5);
	apic_write(APIC_LDR, 0x12345678);
	check("LDR keeps eight bits", apic_read(APIC_LDR), 0x12000000);
	apic_write(APIC_DFR, 0x0abcdef0);
	check("DFR keeps four", apic_read(APIC_DFR), 0x0fffffff);
	apic_write(APIC_DFR, ~0u);
	apic_write(APIC_ICR_HIGH, 0xa5ffffff);
	check("ICR high keeps eight", apic_read(APIC_ICR_HIGH), 0xa5000000);
}

static void errors(void)
{
	notes_clear();
	apic_write(LVT_ERROR, 0x71);
	apic_write(APIC_ESR, 0);
	apic_self_ipi(5);
	irq_gap();
	check("a bad vector is an error interrupt", notes(), 0x71);
	apic_write(APIC_ESR, 0);
	check("and a bit of ESR", apic_read(APIC_ESR), ESR_SEND_VECTOR);
	apic_write(APIC_ESR, 0);
	check("once", apic_read(APIC_ESR), 0);
}

static void disabled_by_software(void)
{
	notes_clear();
	apic_write(APIC_SVR, APIC_SPURIOUS_VECTOR);
	check("without SVR's bit 8 LVTs are masked", apic_read(LVT_ERROR), 0x10071);
	apic_self_ipi(0x41);
	apic_write(APIC_SVR, BIT(8) | APIC_SPURIOUS_VECTOR);
	irq_gap();
	check("and nothing is accepted", notes(), 0);
}

void register_cases(void)
{
	check("version", apic_read(APIC_VERSION), VERSION);
	apic_write(LVT_LINT0, 0x1f0ff);
	check("LINT0 has no status to write", apic_read(LVT_LINT0), 0x1a0ff);
	apic_write(APIC_TIMER_DIVIDE, 0x3);
	check("divider", apic_read(APIC_TIMER_DIVIDE), 0x3);
	if (!apic_is_x2apic())
		xapic_only();
	errors();
	disabled_by_software();
	apic_eoi();
	check("an EOI without an interrupt does nothing", apic_read(APIC_ISR), 0);
}
