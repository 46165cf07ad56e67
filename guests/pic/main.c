/*
 * The 8259 pair as a guest sees it: every line, the initialization words, masks, priorities,
 * rotation, all kinds of EOI, special modes, poll, levels; how its interrupts reach the CPU through
 * the local APIC, past it and through the I/O APIC. Each line ends in "ok".
 */
#include "guests/pic/pic.h"

#include <stddef.h>

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/trap.h"

#define PORT_KEYBOARD 0x64u

static uint64_t taken;
static unsigned checks, wrong;
static void (*call)(uint8_t vector);

void wire(unsigned line, bool high)
{
	outb(WIRE_NOW, line | (high ? WIRE_HIGH : 0));
}

void pulse(unsigned line)
{
	wire(line, true);
	wire(line, false);
}

void pic_eoi(uint8_t vector)
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
		pic_eoi((uint8_t)frame->vector);
}

static void note_apic(struct trap_frame *frame, void *arg)
{
	taken = taken << 8 | frame->vector;
	apic_eoi();
}

void pic_init(unsigned icw4)
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

void irq_gap(void)
{
	irq_enable();
	for (volatile int i = 0; i < 4; i++)
		;
	irq_disable();
}

uint64_t come(void)
{
	uint64_t all;

	irq_gap();
	all = taken;
	taken = 0;
	return all;
}

void check(const char *what, uint64_t got, uint64_t wanted)
{
	checks++;
	wrong += got != wanted;
	if (got == wanted)
		print("%s: ok\n", what);
	else
		print("%s: WRONG, %#lx instead of %#lx\n", what, got, wanted);
}

unsigned pic_status(unsigned port, unsigned which)
{
	outb(port, which);
	return inb(port);
}

void pic_handler(void (*fn)(uint8_t vector))
{
	call = fn;
}

uint64_t taken_so_far(void)
{
	return taken;
}

/* Each of these ends or resets a PC. */
static void end_by(uint64_t port)
{
	switch (port) {
	case HV_PORT_PC_RESET: outb(HV_PORT_PC_RESET, 6); break;
	case HV_PORT_A20: outb(HV_PORT_A20, 1); break;
	case PORT_KEYBOARD: outb(PORT_KEYBOARD, 0xfe); break;
	case HV_PORT_PM1_CONTROL: outw(HV_PORT_PM1_CONTROL, 5u << 10 | 1u << 13); break;
	case HV_PORT_SHUTDOWN:
		for (const char *c = "ShuShutdown"; *c; c++)
			outb(HV_PORT_SHUTDOWN, *c);
	}
	print("still there after port %#lx\n", port);
}

int main(void)
{
	if (boot_option("wires", NULL))
		wires();
	if (boot_option("end", NULL))
		end_by(boot_number("end", 0));
	for (unsigned vector = BASE1; vector < BASE1 + HV_PC_LINES; vector++) {
		trap_bind(vector, note, NULL);
		trap_bind(vector - BASE1 + PINS, note_apic, NULL);
	}
	chip_cases();
	way_cases();
	print("pic: %u checks, %u wrong\n", checks, wrong);
	print_flush();
	outl(HV_PORT_EXIT, wrong ? 0x63 : 0x2a);
	return 1;
}
