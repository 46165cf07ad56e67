/*
 * The legacy devices of a PC as a guest sees them: each clock against the TSC, each interrupt
 * through the 8259s and through the I/O APIC, the keyboard controller and the memory in CMOS. How
 * long an access takes depends on who else runs, so a clock is read between two readings of the TSC
 * and must fit what lies between. Each line ends in "ok".
 */
#include <stdbool.h>
#include <stddef.h>

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/print.h"
#include "guests/lib/start.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"

#define PIT_HZ   1193182ul
#define PM_HZ    3579545ul
#define TICK_HZ  100ul /* `hz=N` */
#define PIT_LOW  0x40u
#define PIT_TONE 0x42u
#define PIT_MODE 0x43u
#define SPEAKER  0x61u
#define RTC      0x70u

#define RTC_UPDATE   0x10u
#define RTC_PERIODIC 0x40u
#define RTC_24_HOURS 0x02u
#define RTC_64_HZ    0x2au

#define VECTOR    0x40u /* of the 8259s; the slave's from + 8 */
#define WAKE      0x60u
#define LVT_LINT0 0x350u
#define EXTINT    0x700u
#define MASKED    0x10000u

static unsigned wrong;
static uint64_t divider; /* of the ticks */

/* Interrupts, whether by the I/O APIC, and what a handler saw. */
static bool by_apic;
static volatile uint64_t ticks, alarms;
static volatile unsigned flags;

static void check(const char *what, bool good)
{
	wrong += !good;
	print("%s: %s\n", what, good ? "ok" : "WRONG");
}

static uint8_t cmos(unsigned reg)
{
	outb(RTC, (uint8_t)reg);
	return inb(RTC + 1);
}

static void cmos_set(unsigned reg, unsigned value)
{
	outb(RTC, (uint8_t)reg);
	outb(RTC + 1, (uint8_t)value);
}

static void wake(struct trap_frame *frame, void *arg)
{
	apic_eoi();
}

/* Sleeps, at least so long: a machine whose time counts instructions skips it. */
static void rest(uint64_t ns)
{
	uint64_t end = time_after(ns), now;

	while ((now = rdtsc()) < end) {
		apic_timer_oneshot(WAKE, tsc_to_ns(end - now) + 1);
		irq_wait();
	}
	apic_timer_oneshot(WAKE, 0);
}

/* --- clocks against the TSC --------------------------------------------------------------- */

/* A reading, and the TSC before and after it. */
struct reading {
	uint64_t before, after;
	uint32_t value;
};

static uint32_t read_pit(void)
{
	uint32_t low;

	outb(PIT_MODE, 0x80);
	low = inb(PIT_TONE);
	return 0u - (low | (uint32_t)inb(PIT_TONE) << 8); /* it counts down */
}

static uint32_t read_pm(void)
{
	return inl(HV_PORT_PM_TIMER);
}

static struct reading take(uint32_t (*read)(void))
{
	struct reading r = { .before = rdtsc() };

	r.value = read();
	r.after = rdtsc();
	return r;
}

/* So many steps in a row of an eighth of a turn. One that took long begins anew: the counter may
   have turned unseen. */
static void check_clock(const char *what, uint32_t (*read)(void), uint64_t hz, uint32_t mask,
			unsigned steps)
{
	uint64_t counted = 0, step = mask * 1000ul / hz * NS_PER_MS / 8, ns, least, most;
	struct reading first = take(read), last = first;

	for (unsigned i = 0; i < steps; i++) {
		struct reading r;

		rest(step);
		r = take(read);
		counted += (r.value - last.value) & mask;
		if (tsc_to_ns(r.after - last.before) > 6 * step) {
			first = r;
			counted = i = 0;
		}
		last = r;
	}
	ns = counted * NS_PER_MS / hz * 1000;
	least = tsc_to_ns(last.before - first.after);
	most = tsc_to_ns(last.after - first.before);
	print("%s: %lu us, between %lu and %lu by the TSC\n", what, ns / 1000, least / 1000,
	      most / 1000);
	check(what, ns + ns / 200 > least && ns - ns / 200 < most);
}

static void check_pit(void)
{
	outb(SPEAKER, 1);
	outb(PIT_MODE, 0xb4); /* channel 2, a divider by 65536 */
	outb(PIT_TONE, 0);
	outb(PIT_TONE, 0);
	check_clock("PIT against TSC", read_pit, PIT_HZ, 0xffff, 24);
}

/* Mode 0 and port 0x61, as kernels measure their TSC. */
static void check_speaker(void)
{
	uint64_t from, by, to;

	outb(SPEAKER, 1);
	outb(PIT_MODE, 0xb0);
	outb(PIT_TONE, 0x0b);
	from = rdtsc();
	outb(PIT_TONE, 0xe9); /* 59659 clocks: 50 ms */
	by = rdtsc();
	while (!(inb(SPEAKER) & 0x20))
		rest(NS_PER_MS);
	to = rdtsc();
	check("the PIT's output at port 0x61", tsc_to_ns(to - from) >= 49750 * NS_PER_US);
	from = tsc_to_ns(to - by);
	print("the PIT's output: 50 ms are %lu us\n", from / 1000);
}

/* The update flag's turns, each between the look before it and the one that found it. */
static void check_seconds(void)
{
	struct reading turn[4];
	unsigned second = 0, steps = 0;

	cmos_set(0xb, RTC_24_HOURS);
	cmos(0xc);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t before = rdtsc();

		while (!(cmos(0xc) & RTC_UPDATE)) {
			before = rdtsc();
			rest(NS_PER_MS);
		}
		turn[i] = (struct reading){ before, rdtsc(), cmos(0) };
		steps += i && turn[i].value != second;
		second = turn[i].value;
	}
	check("a second is a second",
	      tsc_to_ns(turn[3].after - turn[0].before) >= 2985 * NS_PER_MS &&
		      tsc_to_ns(turn[3].before - turn[0].after) <= 3015 * NS_PER_MS);
	check("and changes the seconds", steps == 3);
}

/* --- interrupts --------------------------------------------------------------------------- */

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

static void alarm(struct trap_frame *frame, void *arg)
{
	alarms++;
	flags = cmos(0xc);
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

/* --- the rest ----------------------------------------------------------------------------- */

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
	divider = PIT_HZ / boot_number("hz", TICK_HZ);
	apic_init(false);
	trap_bind(WAKE, wake, NULL);
	trap_bind(VECTOR, tick, NULL);
	trap_bind(VECTOR + 8, alarm, NULL);
	check_keyboard();
	check_memory();
	check_pit();
	check_speaker();
	check_clock("PM timer against TSC", read_pm, PM_HZ, 0xffffff, 3);
	check_seconds();
	for (unsigned apic = 0; apic < 2; apic++) {
		route(apic);
		check_ticks(apic ? "ticks by the I/O APIC" : "ticks by the 8259s");
		check_alarm(apic ? "periodic by the I/O APIC" : "periodic by the 8259s",
			    RTC_PERIODIC, 32);
		check_alarm(apic ? "updates by the I/O APIC" : "updates by the 8259s", RTC_UPDATE,
			    2);
	}
	print("pcdev: %u wrong\n", wrong);
	return (int)wrong;
}
