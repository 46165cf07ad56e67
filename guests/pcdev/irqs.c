/*
 * Interrupts of the PIT and of the clock, first by the 8259s, then by the I/O APIC.
 */
#include <stddef.h>

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "guests/pcdev/pcdev.h"

#define TICK_HZ     100ul /* `hz=N` */
#define PIT_LOW     0x40u
#define RTC_64_HZ   0x2au
#define RTC_REQUEST 0x80u
#define VECTOR      0x40u /* of the 8259s; the slave's from + 8 */
#define LVT_LINT0   0x350u
#define EXTINT      0x700u
#define MASKED      0x10000u

static uint64_t divider; /* of the ticks */

/* Whether by the I/O APIC, and what a handler saw. */
static bool by_apic;
static volatile uint64_t ticks, alarms;
static volatile unsigned flags;

static void end(uint64_t vector)
{
	if (by_apic) {
		apic_eoi();
		return;
	}
	if (vector >= VECTOR + 8)
		outb(HV_PORT_PIC2, 0x20);
	outb(HV_PORT_PIC1, 0x20);
}

static void tick(struct trap_frame *frame, void *arg)
{
	ticks++;
	end(frame->vector);
}

/* One that came as the last check ended has nothing to say any more. */
static void alarm(struct trap_frame *frame, void *arg)
{
	unsigned c = cmos(0xc);

	if (c & RTC_REQUEST) {
		alarms++;
		flags = c;
	}
	end(frame->vector);
}

static void pic_init(unsigned mask)
{
	outb(HV_PORT_PIC1, 0x11);
	outb(HV_PORT_PIC2, 0x11);
	outb(HV_PORT_PIC1 + 1, VECTOR);
	outb(HV_PORT_PIC2 + 1, VECTOR + 8);
	outb(HV_PORT_PIC1 + 1, 4);
	outb(HV_PORT_PIC2 + 1, 2);
	outb(HV_PORT_PIC1 + 1, 1);
	outb(HV_PORT_PIC2 + 1, 1);
	outb(HV_PORT_PIC1 + 1, (uint8_t)mask);
	outb(HV_PORT_PIC2 + 1, (uint8_t)(mask >> 8));
}

static void pin(unsigned n, uint32_t low)
{
	writel((void *)HV_GUEST_IOAPIC, 0x10 + 2 * n);
	writel((void *)(HV_GUEST_IOAPIC + 0x10), low);
}

static void route(bool apic)
{
	by_apic = apic;
	pic_init(apic ? 0xffff : 0xfefa);
	apic_write(LVT_LINT0, apic ? MASKED : EXTINT);
	pin(HV_PC_TIMER_PIN, apic ? VECTOR : MASKED);
	pin(8, apic ? VECTOR + 8 : MASKED);
}

/* Ticks that are due, of a clock that began between two readings of the TSC. */
static uint64_t due(uint64_t ns)
{
	return ns / NS_PER_MS * PIT_HZ / 1000 / divider;
}

/* Three seconds of ticks, a part of them with interrupts off: each comes, if late. A server that
   dies may give one too many (`extra=N`). */
static void check_ticks(const char *what)
{
	uint64_t before = rdtsc(), after, tries = 0;

	ticks = 0;
	outb(PIT_MODE, 0x34);
	outb(PIT_LOW, (uint8_t)divider);
	outb(PIT_LOW, (uint8_t)(divider >> 8));
	after = rdtsc();
	for (unsigned i = 0; i < 30; i++) {
		rest(95 * NS_PER_MS);
		time_spin(5 * NS_PER_MS);
	}
	while (ticks + 2 < due(tsc_to_ns(rdtsc() - after)) && ++tries < 60000)
		rest(NS_PER_MS);
	uint64_t least = due(tsc_to_ns(rdtsc() - after)), got = ticks;
	uint64_t most = due(tsc_to_ns(rdtsc() - before));

	outb(PIT_MODE, 0x30);
	print("%s: %lu ticks, %lu due\n", what, got, most);
	check(what, got + 3 >= least && got <= most + boot_number("extra", 2));
}

/* However late they are taken, they are not more than one a period. */
static void check_alarm(const char *what, unsigned enable, unsigned count)
{
	uint64_t period = enable == RTC_UPDATE ? NS_PER_SEC : NS_PER_SEC / 64, from, ns;

	alarms = 0;
	cmos_set(0xa, RTC_64_HZ);
	from = rdtsc();
	cmos(0xc); /* what came before would interrupt at once */
	cmos_set(0xb, RTC_24_HOURS | enable);
	while (alarms <= count)
		irq_wait();
	ns = tsc_to_ns(rdtsc() - from);
	cmos_set(0xb, RTC_24_HOURS);
	cmos(0xc);
	print("%s: %u after %lu ms\n", what, count + 1, ns / NS_PER_MS);
	check(what, flags & enable && ns + period / 8 > count * period);
}

void check_interrupts(void)
{
	divider = PIT_HZ / boot_number("hz", TICK_HZ);
	trap_bind(VECTOR, tick, NULL);
	trap_bind(VECTOR + 8, alarm, NULL);
	for (unsigned apic = 0; apic < 2; apic++) {
		route(apic);
		check_ticks(apic ? "ticks by the I/O APIC" : "ticks by the 8259s");
		check_alarm(apic ? "periodic by the I/O APIC" : "periodic by the 8259s",
			    RTC_PERIODIC, 32);
		check_alarm(apic ? "updates by the I/O APIC" : "updates by the 8259s", RTC_UPDATE,
			    2);
	}
}
