/*
 * The HPET's main counter: its period in femtoseconds stands in the capability register.
 */
#include "drivers/hpet.h"

#include <stddef.h>

#include "drivers/acpi.h"
#include "lib/bits.h"
#include "mm/hvmap.h"

#define HPET_BYTES   0x400
#define REG_CAPS     0x000
#define REG_CONFIG   0x010
#define REG_COUNTER  0x0f0
#define CAPS_PERIOD  MASK(63, 32)
#define CONFIG_ON    BIT(0)
#define PERIOD_MOST  100000000u /* the specification's, in femtoseconds */
#define FEMTOSECONDS 1000000000000000ull

static volatile char *regs;
static struct tsc_reference clock = { .name = "HPET" };

/* Two 32-bit halves: some bridges and emulators split a 64-bit access. */
static uint64_t read64(unsigned reg)
{
	uint64_t low = *(volatile uint32_t *)(regs + reg);

	return low | (uint64_t) * (volatile uint32_t *)(regs + reg + 4) << 32;
}

/* The low half is enough for a measurement of milliseconds. */
static uint64_t counter(void)
{
	return *(volatile uint32_t *)(regs + REG_COUNTER);
}

const struct tsc_reference *hpet_init(void)
{
	uint64_t caps, period;

	if (!acpi()->hpet.v)
		return NULL;
	regs = hvmap_device(acpi()->hpet, HPET_BYTES);
	caps = read64(REG_CAPS);
	period = field_get(CAPS_PERIOD, caps);
	if (!period || period > PERIOD_MOST)
		return NULL;
	*(volatile uint32_t *)(regs + REG_CONFIG) |= CONFIG_ON;
	clock.read = counter;
	clock.mask = UINT32_MAX;
	clock.hz = FEMTOSECONDS / period;
	return &clock;
}
