/*
 * ACPI's power management timer, 3.579545 MHz, as a reference clock.
 */
#ifndef DRIVERS_PMTIMER_H
#define DRIVERS_PMTIMER_H

#include "arch/x86/cpu/tsc.h"

/* NULL if ACPI names none, or it does not count. */
const struct tsc_reference *pmtimer_init(void);

#endif
