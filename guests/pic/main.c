/*
 * The 8259 pair as a guest sees it: every line, the initialization words, masks, priorities,
 * rotation, all kinds of EOI, special modes, poll, levels; how its interrupts reach the CPU through
 * the local APIC, past it and through the I/O APIC. Each line ends in "ok".
 */
#include "guests/pic/pic.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/trap.h"

#define BASE1 0x40u
#define BASE2 0x48u

#define OCW2_EOI          0x20u
#define OCW2_EOI_SPECIFIC 0x60u
#define OCW2_ROTATE_EOI   0xa0u
#define OCW2_SET_LOWEST   0xc0u
#define OCW3_IRR          0x0au
#define OCW3_ISR          0x0bu
#define OCW3_POLL         0x0cu
#define OCW3_SPECIAL_ON   0x68u
#define OCW3_SPECIAL_OFF  0x48u
#define ICW4_PC           0x01u
#define ICW4_AEOI         0x02u
#define ICW4_NESTED       0x10u

#define LVT_LINT0   0x350u
#define LVT_MASKED  0x10000u
#define LVT_EXTINT  0x700u
#define RTE_LOW(n)  (0x10u + 2 * (n))
#define MSR_APIC    0x1bu
#define APIC_ENABLE 0x800u

static uint64_t taken;
static unsigned checks, wrong;
static void (*call)(uint8_t vector);

static void wire(unsigned line, bool high)
{
	outb(WIRE_NOW, line | (high ? WIRE_HIGH : 0));
}

static void pulse(unsigned line)
{
	wire(line, true);
	wire(line, false);
}

static void eoi(uint8_t vector)
{
	if (vector >= BASE2)
		outb(HV_PORT_PIC2, OCW2_EOI);
	outb(HV_PORT_PIC1, OCW2_EOI);
}

static void note(struct trap_frame *frame, void *arg)
{
	taken = taken << 8 | frame->vector;
	if (call)
		call((uint8_t)frame->vector);
	else
		eoi((uint8_t)frame->vector);
}

static void note_apic(struct trap_frame *frame, void *arg)
{
	taken = taken << 8 | frame->vector;
	apic_eoi();
}

static void init(unsigned icw4)
{
	outb(HV_PORT_PIC1, 0x11);
	outb(HV_PORT_PIC2, 0x11);
	outb(HV_PORT_PIC1 + 1, BASE1);
	outb(HV_PORT_PIC2 + 1, BASE2);
	outb(HV_PORT_PIC1 + 1, 1u << 2);
	outb(HV_PORT_PIC2 + 1, 2);
	outb(HV_PORT_PIC1 + 1, icw4);
	outb(HV_PORT_PIC2 + 1, icw4 & ~ICW4_NESTED);
	taken = 0;
	call = NULL;
}

static void irq_gap(void)
{
	irq_enable();
	for (volatile int i = 0; i < 4; i++)
		;
	irq_disable();
}

/* Interrupts on for a moment; what came, first in the highest byte. */
static uint64_t come(void)
{
	uint64_t all;

	irq_gap();
	all = taken;
	taken = 0;
	return all;
}

static void check(const char *what, uint64_t got, uint64_t wanted)
{
	checks++;
	wrong += got != wanted;
	if (got == wanted)
		print("%s: ok\n", what);
	else
		print("%s: WRONG, %#lx instead of %#lx\n", what, got, wanted);
}

static unsigned status(unsigned port, unsigned which)
{
	outb(port, which);
	return inb(port);
}

static void lines_and_masks(void)
{
	uint64_t bad = 0;

	init(ICW4_PC);
	for (unsigned line = 0; line < HV_PC_LINES; line++) {
		pulse(line);
		bad |= (uint64_t)(come() != (line == 2 ? 0 : BASE1 + line)) << line;
	}
	check("each line has its vector, the second none", bad, 0);
	outb(HV_PORT_PIC1 + 1, 0xa5);
	outb(HV_PORT_PIC2 + 1, 0x5a);
	check("the masks read back", inb(HV_PORT_PIC1 + 1) << 8 | inb(HV_PORT_PIC2 + 1), 0xa55a);
	outb(HV_PORT_PIC1 + 1, 0x20);
	outb(HV_PORT_PIC2 + 1, 0);
	pulse(5);
	check("a masked line is quiet", come(), 0);
	check("and remembered", status(HV_PORT_PIC1, OCW3_IRR), 0x20);
	outb(HV_PORT_PIC1 + 1, 0);
	check("until it is unmasked", come(), 0x45);
	check("and then no more", status(HV_PORT_PIC1, OCW3_IRR), 0);
	outb(HV_PORT_UART + 1, 2);
	check("the UART is on line 4", come(), 0x44);
	outb(HV_PORT_UART + 1, 0);
	pulse(6);
	init(ICW4_PC);
	check("initialization forgets requests", come(), 0);
}

static unsigned seen;

static void read_isr(uint8_t vector)
{
	seen = status(HV_PORT_PIC1, OCW3_ISR) << 8 | status(HV_PORT_PIC2, OCW3_ISR);
	eoi(vector);
}

/* No EOI but for 3, whose handler lets others in first. */
static void hold_three(uint8_t vector)
{
	if (vector == 0x43) {
		pulse(5);
		pulse(1);
		irq_gap();
	}
	outb(HV_PORT_PIC1, OCW2_EOI_SPECIFIC | (vector - BASE1));
}

static void rotate(uint8_t vector)
{
	outb(HV_PORT_PIC1, OCW2_ROTATE_EOI);
}

static void priorities(void)
{
	init(ICW4_PC);
	pulse(5);
	pulse(3);
	pulse(14);
	pulse(9);
	check("the slave's come at the place of 2, lower numbers first", come(), 0x494e4345);
	call = read_isr;
	pulse(10);
	check("ISR", (come() << 16) | seen, 0x4a0404);
	call = hold_three;
	pulse(3);
	check("in service, only higher ones come", come(), 0x434145);
	call = rotate;
	pulse(3);
	check("rotation at EOI", come(), 0x43);
	pulse(3);
	pulse(7);
	pulse(4);
	check("makes it the last", come(), 0x444743);
	outb(HV_PORT_PIC1, OCW2_SET_LOWEST | 6);
	pulse(0);
	pulse(7);
	pulse(6);
	check("so does setting the last", come(), 0x474046);
}

static void special(uint8_t vector)
{
	if (vector == 0x43) {
		outb(HV_PORT_PIC1 + 1, 1u << 3);
		outb(HV_PORT_PIC1, OCW3_SPECIAL_ON);
		pulse(6);
		irq_gap();
		outb(HV_PORT_PIC1, OCW3_SPECIAL_OFF);
		outb(HV_PORT_PIC1 + 1, 0);
	}
	outb(HV_PORT_PIC1, OCW2_EOI_SPECIFIC | (vector - BASE1));
}

static void nest(uint8_t vector)
{
	if (vector == 0x4c) {
		pulse(9);
		irq_gap();
	}
	outb(HV_PORT_PIC2, OCW2_EOI);
	if (!status(HV_PORT_PIC2, OCW3_ISR))
		outb(HV_PORT_PIC1, OCW2_EOI);
}

static void no_eoi(uint8_t vector)
{
	seen = status(HV_PORT_PIC1, OCW3_ISR);
}

static void lower_eleven(uint8_t vector)
{
	if ((taken & 0xffff) == 0x4b4b)
		wire(11, false);
	eoi(vector);
}

static void modes(void)
{
	init(ICW4_PC);
	call = special;
	pulse(3);
	check("special mask lets lower ones in", come(), 0x4346);
	init(ICW4_PC | ICW4_NESTED);
	call = nest;
	pulse(12);
	check("special fully nested: the slave's higher ones come", come(), 0x4c49);
	init(ICW4_PC | ICW4_AEOI);
	call = no_eoi;
	seen = 1;
	pulse(7);
	pulse(1);
	check("automatic EOI", come() << 8 | seen, 0x414700);
	init(ICW4_PC);
	outb(HV_PORT_PIC1, OCW3_POLL);
	check("poll without a request", inb(HV_PORT_PIC1) & 0x80, 0);
	pulse(6);
	outb(HV_PORT_PIC1, OCW3_POLL);
	check("poll acknowledges", inb(HV_PORT_PIC1), 0x86);
	check("so that nothing comes", come(), 0);
	outb(HV_PORT_PIC1, OCW2_EOI);
	outb(HV_PORT_PIC_ELCR, 0xff);
	outb(HV_PORT_PIC_ELCR + 1, 0xff);
	check("ELCR leaves five edges", inb(HV_PORT_PIC_ELCR) << 8 | inb(HV_PORT_PIC_ELCR + 1),
	      0xf8de);
	call = lower_eleven;
	wire(11, true);
	check("a level comes until it falls", come(), 0x4b4b);
	wire(10, true);
	wire(10, false);
	check("and not at all if it falls first", come(), 0);
	outb(HV_PORT_PIC_ELCR, 0);
	outb(HV_PORT_PIC_ELCR + 1, 0);
}

/* An edge some time later, while the CPU sleeps. */
static void halted(const char *what)
{
	init(ICW4_PC);
	wire(3, false);
	outb(WIRE_LATER, 3 | WIRE_HIGH);
	while (!taken)
		asm volatile("sti; hlt; cli" : : : "memory");
	check(what, taken, 0x43);
	taken = 0;
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
		ioapic_write(RTE_LOW(line ? line : HV_PC_TIMER_PIN), 0x60 + line);
		pulse(line);
		bad |= (uint64_t)(come() != (line == 2 ? 0 : 0x60 + line)) << line;
		ioapic_write(RTE_LOW(line ? line : HV_PC_TIMER_PIN), LVT_MASKED);
	}
	check("each line is a pin of the I/O APIC, the timer the second", bad, 0);
}

static void ways(void)
{
	halted("a halted CPU wakes, local APIC as firmware left it");
	apic_init(false);
	init(ICW4_PC);
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
	init(ICW4_PC);
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

int main(void)
{
	if (boot_option("wires", NULL))
		wires();
	for (unsigned vector = BASE1; vector < BASE1 + HV_PC_LINES; vector++) {
		trap_bind(vector, note, NULL);
		trap_bind(vector + 0x20, note_apic, NULL);
	}
	lines_and_masks();
	priorities();
	modes();
	ways();
	print("pic: %u checks, %u wrong\n", checks, wrong);
	print_flush();
	outl(HV_PORT_EXIT, wrong ? 0x63 : 0x2a);
	return 1;
}
