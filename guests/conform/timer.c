/*
 * The local APIC's timer (SDM 3A 10.5.4): one-shot, periodic, TSC deadline, what stops each, and
 * interrupts by a line of the I/O APIC. Only whether an interrupt comes is told, never when.
 */
#include "abi/platform.h"
#include "guests/conform/case.h"
#include "guests/conform/irq.h"
#include "guests/conform/probe.h"
#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/time.h"

#define VECTOR           0x45
#define MODE_PERIODIC    BIT(17)
#define MODE_DEADLINE    BIT(18)
#define MASKED           BIT(16)
#define DIVIDE_1         0xbu
#define MSR_TSC_DEADLINE 0x6e0u
#define SHORT_NS         (200 * NS_PER_US)
#define LONG_COUNT       0xffffffffu
#define LATER_NS         (5 * NS_PER_MS)
#define QUIET_NS         (20 * NS_PER_MS)
#define PATIENCE_NS      (10 * NS_PER_SEC)

#define UART     0x3f8
#define UART_IER (UART + 1)
#define UART_IIR (UART + 2)

static volatile unsigned ticks;

static void tick(struct trap_frame *f, void *arg)
{
	ticks++;
	apic_eoi();
}

/* Takes interrupts until there were as many; gives up only when something is broken. */
static unsigned wait_for(unsigned wanted)
{
	uint64_t end = time_after(PATIENCE_NS);

	while (ticks < wanted && rdtsc() < end)
		irq_open();
	return ticks;
}

/* Takes what comes in a while in which nothing should. */
static unsigned quiet(void)
{
	uint64_t end = time_after(QUIET_NS);

	while (rdtsc() < end)
		irq_open();
	return ticks;
}

static uint32_t count_of(uint64_t ns)
{
	return (uint32_t)(ns / 1000 * (cpuid(0x40000010, 0).ebx / 1000));
}

static void start(uint64_t lvt, uint32_t count)
{
	ticks = 0;
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_1);
	apic_write(APIC_LVT_TIMER, (uint32_t)lvt | VECTOR);
	apic_write(APIC_TIMER_INITIAL, count);
}

static void counting(void)
{
	uint32_t first, second;
	uint64_t end;

	start(0, count_of(SHORT_NS));
	report("one-shot, interrupts", "%u", wait_for(1));
	report("one-shot, count afterwards", "%u", apic_read(APIC_TIMER_CURRENT));
	report("one-shot, interrupts some time later", "%u", quiet());
	start(MASKED, count_of(SHORT_NS));
	report("masked, interrupts", "%u", quiet());
	do {
		end = time_after(LATER_NS);
		start(0, count_of(LATER_NS));
		apic_write(APIC_TIMER_INITIAL, 0);
	} while (rdtsc() >= end);
	report("stopped by an initial count of 0, interrupts", "%u", quiet());
	start(MODE_PERIODIC, count_of(SHORT_NS));
	report_bool("periodic, at least three interrupts", wait_for(3) >= 3);
	apic_write(APIC_TIMER_INITIAL, 0);
	irq_open();
	ticks = 0;
	report("periodic, stopped, interrupts", "%u", quiet());
	start(0, LONG_COUNT);
	first = apic_read(APIC_TIMER_CURRENT);
	time_spin(SHORT_NS);
	second = apic_read(APIC_TIMER_CURRENT);
	report_bool("the count goes down", second < first);
	report("the initial count stays", "%#x", apic_read(APIC_TIMER_INITIAL));
	apic_write(APIC_TIMER_INITIAL, 0);
	report("count after a stop", "%u", apic_read(APIC_TIMER_CURRENT));
}

static void divider(void)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 8, 9, 10, 11 };
	uint32_t back = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		apic_write(APIC_TIMER_DIVIDE, values[i]);
		back += apic_read(APIC_TIMER_DIVIDE) == values[i];
	}
	report("dividers that read back, of 8", "%u", back);
	apic_write(APIC_TIMER_DIVIDE, 0xb);
}

/* Writes a deadline and takes it back before it comes: by a zero, or by another mode. */
static void revoke_deadline(uint64_t mode)
{
	uint64_t end;

	do {
		apic_write(APIC_LVT_TIMER, (uint32_t)MODE_DEADLINE | VECTOR);
		end = time_after(LATER_NS);
		ticks = 0;
		wrmsr(MSR_TSC_DEADLINE, end);
		if (mode == MODE_DEADLINE)
			wrmsr(MSR_TSC_DEADLINE, 0);
		else
			apic_write(APIC_LVT_TIMER, (uint32_t)mode | VECTOR);
		if (rdtsc() >= end)
			irq_open();
	} while (rdtsc() >= end);
}

static void deadline(void)
{
	if (!(cpuid(1, 0).ecx & BIT(24))) {
		report_absent("TSC deadline");
		return;
	}
	start(MODE_DEADLINE, 0);
	wrmsr(MSR_TSC_DEADLINE, time_after(SHORT_NS));
	report("deadline, interrupts", "%u", wait_for(1));
	report("deadline reads afterwards", "%#lx", rdmsr(MSR_TSC_DEADLINE));
	ticks = 0;
	wrmsr(MSR_TSC_DEADLINE, 1);
	report("deadline in the past, interrupts", "%u", wait_for(1));
	revoke_deadline(MODE_DEADLINE);
	report("deadline written and cleared, interrupts", "%u", quiet());
	apic_write(APIC_TIMER_INITIAL, count_of(SHORT_NS));
	report("initial count in deadline mode, interrupts", "%u", quiet());
	revoke_deadline(0);
	report("deadline, then one-shot mode, interrupts", "%u", quiet());
	wrmsr(MSR_TSC_DEADLINE, time_after(SHORT_NS));
	report("deadline written in one-shot mode, interrupts", "%u", quiet());
	report("deadline reads in one-shot mode", "%#lx", rdmsr(MSR_TSC_DEADLINE));
}

static void halts(void)
{
	start(0, count_of(SHORT_NS));
	irq_wait();
	report("hlt ends by the timer, interrupts", "%u", ticks);
	ticks = 0;
	apic_self_ipi(VECTOR);
	irq_wait();
	report("hlt with an interrupt pending, interrupts", "%u", ticks);
}

static uint32_t ioapic_read(unsigned reg)
{
	volatile uint8_t *io = (volatile uint8_t *)HV_GUEST_IOAPIC;

	writel(io, reg);
	return readl(io + 0x10);
}

static void ioapic_write(unsigned reg, uint32_t value)
{
	volatile uint8_t *io = (volatile uint8_t *)HV_GUEST_IOAPIC;

	writel(io, reg);
	writel(io + 0x10, value);
}

/* The UART's line stays up until IIR is read. */
static void take_line(struct trap_frame *f, void *arg)
{
	ticks++;
	if (ticks > 2)
		inb(UART_IIR);
	apic_eoi();
}

static void line(const char *name, const char *after, uint32_t mode, unsigned expected)
{
	unsigned entry = 0x10 + 2 * HV_GSI_UART;

	outb(UART_IER, 0);
	inb(UART_IIR);
	ticks = 0;
	ioapic_write(entry + 1, 0);
	ioapic_write(entry, mode | VECTOR);
	outb(UART_IER, 2);
	wait_for(expected);
	report(name, "%u", quiet());
	report(after, "%#x", ioapic_read(entry) & ~0x3000u);
	ioapic_write(entry, MASKED);
	outb(UART_IER, 0);
}

static void lines(void)
{
	trap_bind(VECTOR, take_line, NULL);
	report("I/O APIC, entries", "%u", (ioapic_read(1) >> 16 & 0xff) + 1);
	ioapic_write(0x3e, 0x1a9ff);
	report("I/O APIC, an entry reads back but its read-only bits", "%#x",
	       ioapic_read(0x3e) & ~0x5000u);
	ioapic_write(0x3e, MASKED);
	line("line, edge, interrupts", "line, edge, entry afterwards", 0, 1);
	line("line, level, interrupts until it falls", "line, level, entry afterwards", BIT(15), 3);
	line("line, masked, interrupts", "line, masked, entry afterwards", MASKED, 0);
}

void area_timer(void)
{
	apic_init(false);
	trap_bind(VECTOR, tick, NULL);
	counting();
	divider();
	deadline();
	apic_write(APIC_LVT_TIMER, MASKED);
	halts();
	apic_write(APIC_LVT_TIMER, MASKED);
	lines();
	probe_catch(VECTOR);
}
