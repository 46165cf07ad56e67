/*
 * The legacy devices of a PC as a guest sees them: each clock against the TSC, each interrupt
 * through the 8259s and through the I/O APIC, the keyboard controller and the memory in CMOS. Each
 * line ends in "ok".
 */
#include <stddef.h>

#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "guests/pcdev/pcdev.h"

#define RTC  0x70u
#define WAKE 0x60u /* the local APIC's timer */

static unsigned wrong;

void check(const char *what, bool good)
{
	wrong += !good;
	print("%s: %s\n", what, good ? "ok" : "WRONG");
}

uint8_t cmos(unsigned reg)
{
	outb(RTC, (uint8_t)reg);
	return inb(RTC + 1);
}

void cmos_set(unsigned reg, unsigned value)
{
	outb(RTC, (uint8_t)reg);
	outb(RTC + 1, (uint8_t)value);
}

static void wake(struct trap_frame *frame, void *arg)
{
	apic_eoi();
}

void rest(uint64_t ns)
{
	uint64_t end = time_after(ns), now;

	while ((now = rdtsc()) < end) {
		apic_timer_oneshot(WAKE, tsc_to_ns(end - now) + 1);
		irq_wait();
	}
	apic_timer_oneshot(WAKE, 0);
}

static void check_memory(void)
{
	uint64_t below = 1024 + (cmos(0x30) | cmos(0x31) << 8);

	check("CMOS knows the memory", below == boot->memory >> 10);
	check("and the CPUs", cmos(0x5f) + 1u == boot->vcpus);
	cmos_set(0x40, 0xa5);
	check("and keeps a byte", cmos(0x40) == 0xa5 && cmos(0x0d) == 0x80);
}

static void check_keyboard(void)
{
	outb(0x64, 0xaa);
	check("the keyboard controller is well", (inb(0x64) & 0x21) == 1 && inb(0x60) == 0x55);
	outb(0x60, 0xf2);
	check("and has no keyboard", (inb(0x64) & 0x41) == 0x41 && inb(0x60) == 0xfe);
	check("nothing is at the game port", inb(0x201) == 0xff);
}

int main(void)
{
	apic_init(false);
	trap_bind(WAKE, wake, NULL);
	check_keyboard();
	check_memory();
	check_clocks();
	check_interrupts();
	print("pcdev: %u wrong\n", wrong);
	return (int)wrong;
}
