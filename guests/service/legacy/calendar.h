/*
 * Seconds since 1970 and dates of the proleptic Gregorian calendar. Pure.
 */
#ifndef GUESTS_SERVICE_LEGACY_CALENDAR_H
#define GUESTS_SERVICE_LEGACY_CALENDAR_H

#include <stdint.h>

#define CALENDAR_DAY 86400ul

struct calendar {
	unsigned year, month, day; /* month and day from 1 */
	unsigned weekday;          /* 0: Sunday */
	unsigned hour, minute, second;
};

void calendar_from(struct calendar *c, uint64_t seconds);

/* `weekday` is not looked at. Fields beyond their range run on into the next ones. */
uint64_t calendar_seconds(const struct calendar *c);

#endif
