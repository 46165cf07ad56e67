/*
 * The legacy devices of a PC as a guest sees them: what the files of this guest share.
 */
#ifndef GUESTS_PCDEV_PCDEV_H
#define GUESTS_PCDEV_PCDEV_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_HZ   1193182ul
#define PIT_MODE 0x43u

#define RTC_UPDATE   0x10u /* of register B and C */
#define RTC_PERIODIC 0x40u
#define RTC_24_HOURS 0x02u

/* Prints what was looked at and "ok" or "WRONG". */
void check(const char *what, bool good);

uint8_t cmos(unsigned reg);
void cmos_set(unsigned reg, unsigned value);

/* Sleeps, at least so long: a machine whose time counts instructions skips it. */
void rest(uint64_t ns);

/* clocks.c: each clock against the TSC. */
void check_clocks(void);

/* irqs.c: the PIT's and the clock's interrupts, by the 8259s and by the I/O APIC. */
void check_interrupts(void);

#endif
