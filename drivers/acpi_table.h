/*
 * Between the ACPI parsers: the header's size and the FADT's offsets (ACPI 6.4, 5.2.9).
 */
#ifndef DRIVERS_ACPI_TABLE_H
#define DRIVERS_ACPI_TABLE_H

#include "lib/bits.h"

#define ACPI_HEADER 36

#define FADT_DSDT           40
#define FADT_SMI_COMMAND    48
#define FADT_ACPI_ENABLE    52
#define FADT_PM1A_CONTROL   64
#define FADT_PM1B_CONTROL   68
#define FADT_PM_TIMER       76
#define FADT_FLAGS          112
#define FADT_RESET          116
#define FADT_RESET_VALUE    128
#define FADT_X_DSDT         140
#define FADT_X_PM1A_CONTROL 172
#define FADT_X_PM1B_CONTROL 184
#define FADT_X_PM_TIMER     208
#define FADT_SLEEP_CONTROL  244

#define FADT_TIMER_32BIT BIT(8)
#define FADT_HAS_RESET   BIT(10)
#define FADT_HW_REDUCED  BIT(20)

#endif
