/*
 * The wall clock in CMOS, read once at boot.
 */
#ifndef DRIVERS_RTC_H
#define DRIVERS_RTC_H

#include <stdint.h>

/* Seconds since 1970-01-01 UTC, taking the clock as UTC; 0 if there is none or it is nonsense. */
uint64_t rtc_read(void);

/* The pure part: fields of the proleptic Gregorian calendar to seconds since 1970. */
struct rtc_time {
	unsigned year, month, day, hour, minute, second; /* month and day from 1 */
};
uint64_t rtc_to_seconds(const struct rtc_time *t);

#endif
