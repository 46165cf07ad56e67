/*
 * The ways from the pair to the CPU, and of a line to the I/O APIC.
 */
#include "guests/pic/pic.h"

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"

#define LVT_LINT0   0x350u
#define LVT_MASKED  0x10000u
#define LVT_EXTINT  0x700u
#define RTE_LOW(n)  (0x10u + 2 * (n))
#define MSR_APIC    0x1bu
#define APIC_ENABLE 0x800u

/* An edge some time later, while the CPU sleeps. */
static void halted(const char *what)
{
	pic_init(ICW4_PC);
	wire(3, false);
	outb(WIRE_LATER, 3 | WIRE_HIGH);
	while (!taken_so_far())
		asm volatile("sti; hlt; cli" : : : "memory");
	check(what, come(), 0x43);
	wire(3, false);
}

static void ioapic_write(unsigned reg, uint32_t value)
{
	writel((volatile void *)HV_GUEST_IOAPIC, reg);
	writel((volatile void *)(HV_GUEST_IOAPIC + 0x10), value);
}

static void pins(void)
{
	uint64_t bad = 0;

	outb(HV_PORT_PIC1 + 1, 0xff);
	for (unsigned line = 0; line < HV_PC_LINES; line++) {
		ioapic_write(RTE_LOW(line ? line : HV_PC_TIMER_PIN), PINS + line);
		pulse(line);
		bad |= (uint64_t)(come() != (line == 2 ? 0 : PINS + line)) << line;
		ioapic_write(RTE_LOW(line ? line : HV_PC_TIMER_PIN), LVT_MASKED);
	}
	check("each line is a pin of the I/O APIC, the timer the second", bad, 0);
}

void way_cases(void)
{
	halted("a halted CPU wakes, local APIC as firmware left it");
	apic_init(false);
	pic_init(ICW4_PC);
	pulse(3);
	check("LINT0 masked: nothing comes", come(), 0);
	apic_write(LVT_LINT0, LVT_EXTINT);
	check("ExtINT at LINT0", come(), 0x43);
	apic_write(APIC_TPR, 0xf0);
	pulse(3);
	check("whatever the task priority", come(), 0x43);
	apic_write(APIC_TPR, 0);
	apic_write(LVT_LINT0, LVT_MASKED);
	pins();
	pic_init(ICW4_PC);
	pulse(3);
	check("LINT0 masked again", come(), 0);
	ioapic_write(RTE_LOW(0), LVT_EXTINT);
	check("ExtINT at the I/O APIC's pin 0", come(), 0x43);
	halted("a halted CPU wakes by that, too");
	ioapic_write(RTE_LOW(0), LVT_MASKED);
	pulse(3);
	wrmsr(MSR_APIC, rdmsr(MSR_APIC) & ~(uint64_t)APIC_ENABLE);
	check("past a local APIC that is off", come(), 0x43);
	wrmsr(MSR_APIC, rdmsr(MSR_APIC) | APIC_ENABLE);
}
