/*
 * The end of the machine: off by ACPI's S5, restart by its reset register. Both print what they
 * do, and neither returns.
 */
#ifndef DRIVERS_POWER_H
#define DRIVERS_POWER_H

#include "lib/bits.h"

/* Boot only, after acpi_init: maps registers that are in memory. */
void power_init(void);

NORETURN void power_off(void);
NORETURN void power_reboot(void);

#endif
