/*
 * The CMOS clock: read twice until two readings agree, because it may tick in between.
 */
#include "drivers/rtc.h"

#include <stdbool.h>

#include "arch/x86/cpu/insn.h"
#include "lib/string.h"

#define PORT_INDEX 0x70
#define PORT_DATA  0x71

#define REG_SECOND 0x00
#define REG_MINUTE 0x02
#define REG_HOUR   0x04
#define REG_DAY    0x07
#define REG_MONTH  0x08
#define REG_YEAR   0x09
#define REG_A      0x0a
#define REG_B      0x0b
#define A_UPDATING 0x80
#define B_BINARY   0x04
#define B_24_HOURS 0x02
#define HOUR_PM    0x80

#define TRIES 100
#define DAY   86400u
#define EPOCH 719468u /* days from 0000-03-01 to 1970-01-01 */

static unsigned cmos(unsigned reg)
{
	insn_outb(PORT_INDEX, (uint8_t)reg);
	return insn_inb(PORT_DATA);
}

/* Days by years that begin in March, so that the leap day is the last (proleptic Gregorian). */
uint64_t rtc_to_seconds(const struct rtc_time *t)
{
	uint64_t y = t->month > 2 ? t->year : t->year - 1, m = (t->month + 9) % 12;
	uint64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + t->day - 1;

	return (days - EPOCH) * DAY + t->hour * 3600u + t->minute * 60u + t->second;
}

static struct rtc_time read_once(void)
{
	return (struct rtc_time){ cmos(REG_YEAR), cmos(REG_MONTH),  cmos(REG_DAY),
				  cmos(REG_HOUR), cmos(REG_MINUTE), cmos(REG_SECOND) };
}

static unsigned from_bcd(unsigned v)
{
	return (v >> 4) * 10 + (v & 15);
}

static void to_binary(struct rtc_time *t, unsigned b)
{
	bool pm = !(b & B_24_HOURS) && t->hour & HOUR_PM;

	t->hour &= ~(b & B_24_HOURS ? 0u : (unsigned)HOUR_PM);
	if (!(b & B_BINARY)) {
		t->year = from_bcd(t->year);
		t->month = from_bcd(t->month);
		t->day = from_bcd(t->day);
		t->hour = from_bcd(t->hour);
		t->minute = from_bcd(t->minute);
		t->second = from_bcd(t->second);
	}
	if (!(b & B_24_HOURS))
		t->hour = t->hour % 12 + (pm ? 12 : 0);
	t->year += 2000;
}

static bool is_sane(const struct rtc_time *t)
{
	return t->year < 2100 && t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= 31 &&
	       t->hour < 24 && t->minute < 60 && t->second < 61;
}

uint64_t rtc_read(void)
{
	for (int i = 0; i < TRIES; i++) {
		struct rtc_time a, b;

		if (cmos(REG_A) & A_UPDATING)
			continue;
		a = read_once();
		b = read_once();
		if (memcmp(&a, &b, sizeof(a)))
			continue;
		to_binary(&a, cmos(REG_B));
		return is_sane(&a) ? rtc_to_seconds(&a) : 0;
	}
	return 0;
}
