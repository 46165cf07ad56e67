/*
 * Years that begin in March, so that the leap day is the last, in eras of 400 years.
 */
#include "guests/service/legacy/calendar.h"

#define EPOCH    719468u /* days from 0000-03-01 to 1970-01-01 */
#define ERA_DAYS 146097u

void calendar_from(struct calendar *c, uint64_t seconds)
{
	uint64_t days = seconds / CALENDAR_DAY + EPOCH;
	unsigned of_day = (unsigned)(seconds % CALENDAR_DAY);
	unsigned in_era = (unsigned)(days % ERA_DAYS);
	unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * in_year + 2) / 153; /* 0: March */

	c->day = in_year - (153 * month + 2) / 5 + 1;
	c->month = month < 10 ? month + 3 : month - 9;
	c->year = (unsigned)(days / ERA_DAYS) * 400 + year + (c->month <= 2);
	c->weekday = (unsigned)((seconds / CALENDAR_DAY + 4) % 7);
	c->hour = of_day / 3600;
	c->minute = of_day / 60 % 60;
	c->second = of_day % 60;
}

uint64_t calendar_seconds(const struct calendar *c)
{
	uint64_t y = c->year - (c->month <= 2), m = (c->month + 9) % 12;
	uint64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + c->day - 1;

	return (days - EPOCH) * CALENDAR_DAY + c->hour * 3600u + c->minute * 60u + c->second;
}
