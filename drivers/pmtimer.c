/*
 * The power management timer: one port, or one word in memory, of 24 or 32 bits.
 */
#include "drivers/pmtimer.h"

#include <stddef.h>

#include "arch/x86/cpu/insn.h"
#include "drivers/acpi.h"
#include "lib/bits.h"
#include "mm/hvmap.h"

#define PM_TIMER_HZ 3579545

static volatile uint32_t *memory;
static uint16_t port;
static struct tsc_reference clock = { .name = "PM timer", .hz = PM_TIMER_HZ };

static uint64_t counter(void)
{
	return memory ? *memory : insn_inl(port);
}

const struct tsc_reference *pmtimer_init(void)
{
	const struct acpi_register *r = &acpi()->pm_timer;

	if (!r->address)
		return NULL;
	if (r->memory)
		memory = hvmap_device(hpa(r->address), sizeof(*memory));
	port = (uint16_t)r->address;
	clock.read = counter;
	clock.mask = acpi()->pm_timer_32bit ? UINT32_MAX : MASK(23, 0);
	return &clock;
}
