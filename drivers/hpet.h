/*
 * The HPET's main counter, as a reference clock and nothing else.
 */
#ifndef DRIVERS_HPET_H
#define DRIVERS_HPET_H

#include <stdint.h>

#include "arch/x86/cpu/tsc.h"

/* Maps and starts the counter that ACPI names; NULL if there is none or it does not count. */
const struct tsc_reference *hpet_init(void);

#endif
