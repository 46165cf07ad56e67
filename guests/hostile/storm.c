/*
 * Interrupts without measure: messages to itself and to everybody, in every delivery mode, a timer
 * that never rests, and writes of messages as a device would send them. Handlers end them and
 * return (main.c).
 */
#include "guests/hostile/hostile.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define BURST          64u
#define TIMER_TICKS    5000u
#define ICR_FIXED_SELF 0x40000u
#define ICR_INIT       5u
#define LVT_PERIODIC   BIT(17)
#define SOFTWARE_ON    0x1ffu

static volatile uint8_t *apic(unsigned reg)
{
	return (volatile uint8_t *)APIC_PAGE + reg;
}

static uint32_t vector(void)
{
	return TRAP_FIRST_IRQ + (uint32_t)rnd_below(256 - TRAP_FIRST_IRQ);
}

/* Any message; INIT, after which this vCPU would only wait, is rare. */
static uint32_t wild_icr(void)
{
	uint32_t icr = (uint32_t)rnd();

	if ((icr >> 8 & 7) == ICR_INIT && rnd_below(64))
		icr &= ~(7u << 8);
	return icr;
}

static void open_door(void)
{
	irq_enable();
	cpu_relax();
	irq_disable();
}

static void storm_self(void)
{
	for (unsigned n = (unsigned)rnd_below(BURST); n > 0; n--)
		writel(apic(APIC_ICR), ICR_FIXED_SELF | vector());
}

static void storm_messages(void)
{
	for (unsigned n = (unsigned)rnd_below(BURST); n > 0; n--) {
		writel(apic(APIC_ICR_HIGH), (uint32_t)rnd());
		writel(apic(APIC_ICR), wild_icr());
	}
}

static void storm_timer(void)
{
	writel(apic(APIC_TIMER_DIVIDE), (uint32_t)rnd_below(16));
	writel(apic(APIC_LVT_TIMER), (uint32_t)(LVT_PERIODIC | vector()));
	writel(apic(APIC_TIMER_INITIAL), (uint32_t)rnd_below(TIMER_TICKS));
	for (unsigned n = (unsigned)rnd_below(BURST); n > 0; n--)
		open_door();
	writel(apic(APIC_TIMER_INITIAL), 0);
}

/* Where a device's message would go: data in a write within the APICs' megabyte. */
static void storm_device(void)
{
	for (unsigned n = (unsigned)rnd_below(BURST); n > 0; n--)
		writel((volatile void *)(APIC_PAGE + (rnd() & 0xffffc)), vector());
}

void act_storm(void)
{
	static void (*const storms[])(void) = { storm_self, storm_messages, storm_timer,
						storm_device };

	writel(apic(APIC_SVR), SOFTWARE_ON);
	storms[rnd_below(ARRAY_SIZE(storms))]();
	open_door();
}
