/*
 * Motorola's MC146818 data sheet, with the century and the memory sizes where PC firmware has them.
 */
#include "guests/service/legacy/rtc.h"

#include "guests/service/legacy/calendar.h"
#include "guests/service/legacy/clock.h"
#include "lib/bits.h"
#include "lib/string.h"

enum {
	REG_SECOND,
	REG_SECOND_ALARM,
	REG_MINUTE,
	REG_MINUTE_ALARM,
	REG_HOUR,
	REG_HOUR_ALARM,
	REG_WEEKDAY,
	REG_DAY,
	REG_MONTH,
	REG_YEAR,
	REG_A,
	REG_B,
	REG_C,
	REG_D,
	REG_CENTURY = 0x32,
};

#define A_UPDATING   0x80u
#define A_DIVIDER    0x70u
#define A_RATE       0x0fu
#define A_32768_HZ   0x20u
#define B_SET        0x80u
#define B_BINARY     0x04u
#define B_24_HOURS   0x02u
#define C_REQUEST    0x80u
#define C_PERIODIC   0x40u
#define C_ALARM      0x20u
#define C_UPDATE     0x10u
#define C_FLAGS      (C_PERIODIC | C_ALARM | C_UPDATE) /* the enables are the same bits of B */
#define D_VALID      0x80u
#define HOUR_PM      0x80u
#define ALARM_ANY    0xc0u
#define INDEX        0x7fu
#define UPDATE_NS    2228000u /* UIP: 244 us before the update, and 1984 us of it */
#define ALARM_SEARCH 256u     /* steps: 24 hours, 60 minutes, 60 seconds and a few */

/* --- values as the guest wants them ------------------------------------------------------- */

static uint8_t encode(const struct rtc *r, unsigned n)
{
	return (uint8_t)(r->ram[REG_B] & B_BINARY ? n : n / 10 << 4 | n % 10);
}

static unsigned decode(const struct rtc *r, uint8_t v)
{
	return r->ram[REG_B] & B_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

static uint8_t encode_hour(const struct rtc *r, unsigned hour)
{
	if (r->ram[REG_B] & B_24_HOURS)
		return encode(r, hour);
	return encode(r, (hour + 11) % 12 + 1) | (hour >= 12 ? HOUR_PM : 0);
}

static unsigned decode_hour(const struct rtc *r, uint8_t v)
{
	if (r->ram[REG_B] & B_24_HOURS)
		return decode(r, v);
	return decode(r, v & (uint8_t)~HOUR_PM) % 12 + (v & HOUR_PM ? 12 : 0);
}

/* --- time --------------------------------------------------------------------------------- */

static uint64_t shown(const struct rtc *r, uint64_t now)
{
	return now + r->offset;
}

static uint64_t second_of(const struct rtc *r, uint64_t now)
{
	return shown(r, now) / CLOCK_SECOND;
}

static bool is_running(const struct rtc *r)
{
	return !(r->ram[REG_B] & B_SET) && (r->ram[REG_A] & A_DIVIDER) == A_32768_HZ;
}

/* Copies the calendar into the registers. */
static void show(struct rtc *r, uint64_t now)
{
	struct calendar c;

	calendar_from(&c, second_of(r, now));
	r->ram[REG_SECOND] = encode(r, c.second);
	r->ram[REG_MINUTE] = encode(r, c.minute);
	r->ram[REG_HOUR] = encode_hour(r, c.hour);
	r->ram[REG_WEEKDAY] = encode(r, c.weekday + 1);
	r->ram[REG_DAY] = encode(r, c.day);
	r->ram[REG_MONTH] = encode(r, c.month);
	r->ram[REG_YEAR] = encode(r, c.year % 100);
	r->ram[REG_CENTURY] = encode(r, c.year / 100);
}

/* Makes the calendar what the registers say; the fraction of the second runs on. */
static void take_over(struct rtc *r, uint64_t now)
{
	struct calendar c = {
		.year = decode(r, r->ram[REG_CENTURY]) * 100 + decode(r, r->ram[REG_YEAR]),
		.month = decode(r, r->ram[REG_MONTH]),
		.day = decode(r, r->ram[REG_DAY]),
		.hour = decode_hour(r, r->ram[REG_HOUR]),
		.minute = decode(r, r->ram[REG_MINUTE]),
		.second = decode(r, r->ram[REG_SECOND]),
	};

	if (c.month >= 1 && c.month <= 12 && c.year >= 1970)
		r->offset += (calendar_seconds(&c) - second_of(r, now)) * CLOCK_SECOND;
}

/* Hz of the periodic flag, 0: off. */
static uint64_t rate(const struct rtc *r)
{
	unsigned select = r->ram[REG_A] & A_RATE;

	if (!select || (r->ram[REG_A] & A_DIVIDER) != A_32768_HZ)
		return 0;
	return 32768u >> ((select <= 2 ? select + 7 : select) - 1);
}

static bool alarm_field(uint8_t alarm, uint8_t value)
{
	return (alarm & ALARM_ANY) == ALARM_ANY || alarm == value;
}

/* The first second after this one at which the alarm goes off. */
static uint64_t next_alarm(const struct rtc *r, uint64_t second)
{
	uint64_t t = second + 1;

	for (unsigned i = 0; i < ALARM_SEARCH; i++) {
		unsigned of_day = (unsigned)(t % CALENDAR_DAY);

		if (!alarm_field(r->ram[REG_HOUR_ALARM], encode_hour(r, of_day / 3600)))
			t = (t / 3600 + 1) * 3600;
		else if (!alarm_field(r->ram[REG_MINUTE_ALARM], encode(r, of_day / 60 % 60)))
			t = (t / 60 + 1) * 60;
		else if (!alarm_field(r->ram[REG_SECOND_ALARM], encode(r, of_day % 60)))
			t++;
		else
			return t;
	}
	return CLOCK_NEVER;
}

void rtc_account(struct rtc *r, uint64_t now)
{
	uint64_t hz = rate(r), before = second_of(r, r->seen), after = second_of(r, now);

	if (now <= r->seen)
		return;
	if (hz && clock_ticks(shown(r, now), hz) != clock_ticks(shown(r, r->seen), hz))
		r->flags |= C_PERIODIC;
	if (is_running(r) && after != before)
		r->flags |= C_UPDATE | (next_alarm(r, before) <= after ? C_ALARM : 0);
	r->seen = now;
}

bool rtc_line(const struct rtc *r)
{
	return r->flags & r->ram[REG_B] & C_FLAGS;
}

uint64_t rtc_next(const struct rtc *r)
{
	uint64_t hz = rate(r), second = second_of(r, r->seen), next = CLOCK_NEVER, alarm;

	if (rtc_line(r))
		return CLOCK_NEVER;
	if (hz && r->ram[REG_B] & C_PERIODIC)
		next = clock_ns(clock_ticks(shown(r, r->seen), hz) + 1, hz);
	if (is_running(r) && r->ram[REG_B] & C_UPDATE)
		next = MIN(next, (second + 1) * CLOCK_SECOND);
	if (is_running(r) && r->ram[REG_B] & C_ALARM) {
		alarm = next_alarm(r, second);
		next = MIN(next, alarm == CLOCK_NEVER ? CLOCK_NEVER : alarm * CLOCK_SECOND);
	}
	return next == CLOCK_NEVER ? CLOCK_NEVER : next - r->offset;
}

/* --- registers ---------------------------------------------------------------------------- */

static bool is_calendar(unsigned reg)
{
	return reg == REG_CENTURY || (reg <= REG_YEAR && reg != REG_SECOND_ALARM &&
				      reg != REG_MINUTE_ALARM && reg != REG_HOUR_ALARM);
}

static uint8_t read_a(const struct rtc *r, uint64_t now)
{
	bool updating = is_running(r) && shown(r, now) % CLOCK_SECOND >= CLOCK_SECOND - UPDATE_NS;

	return r->ram[REG_A] | (updating ? A_UPDATING : 0);
}

static uint8_t read_c(struct rtc *r)
{
	uint8_t value = r->flags | (rtc_line(r) ? C_REQUEST : 0);

	r->flags = 0;
	return value;
}

uint8_t rtc_read(struct rtc *r, unsigned port, uint64_t now)
{
	unsigned reg = r->index & INDEX;

	if (port == 0)
		return r->index;
	rtc_account(r, now);
	if (is_calendar(reg) && is_running(r))
		show(r, now);
	switch (reg) {
	case REG_A: return read_a(r, now);
	case REG_C: return read_c(r);
	case REG_D: return D_VALID;
	default: return r->ram[reg];
	}
}

/* A calendar that is about to stop keeps what it shows; one that starts runs on from there. */
static void write_control(struct rtc *r, unsigned reg, uint8_t value, uint64_t now)
{
	bool ran = is_running(r);

	if (ran)
		show(r, now);
	r->ram[reg] = value;
	if (!ran && is_running(r))
		take_over(r, now);
}

static void write_byte(struct rtc *r, unsigned reg, uint8_t value, uint64_t now)
{
	bool set = is_calendar(reg) && is_running(r);

	if (set)
		show(r, now);
	r->ram[reg] = value;
	if (set)
		take_over(r, now);
}

void rtc_write(struct rtc *r, unsigned port, uint8_t value, uint64_t now)
{
	unsigned reg = r->index & INDEX;

	if (port == 0) {
		r->index = value & INDEX;
		return;
	}
	rtc_account(r, now);
	switch (reg) {
	case REG_A: write_control(r, REG_A, value & (uint8_t)~A_UPDATING, now); break;
	case REG_B: write_control(r, REG_B, value, now); break;
	case REG_C:
	case REG_D: break;
	default: write_byte(r, reg, value, now);
	}
}

static void put16(struct rtc *r, unsigned reg, uint64_t value)
{
	r->ram[reg] = (uint8_t)value;
	r->ram[reg + 1] = (uint8_t)(value >> 8);
}

/* KiB below 640, KiB above 1 MiB (twice), units of 64 KiB above 16 MiB and above 4 GiB. */
static void put_memory(struct rtc *r, uint64_t low, uint64_t high)
{
	uint64_t extended = low < 1 << 20 ? 0 : MIN((low >> 10) - 1024, 0xffffull);

	put16(r, 0x15, MIN(low >> 10, 640ull));
	put16(r, 0x17, extended);
	put16(r, 0x30, extended);
	put16(r, 0x34, low < 16 << 20 ? 0 : MIN((low >> 16) - 256, 0xffffull));
	put16(r, 0x5b, high >> 16);
	r->ram[0x5d] = (uint8_t)(high >> 32);
}

void rtc_power_on(struct rtc *r, const struct rtc_machine *m, uint64_t wall, uint64_t now)
{
	memset(r, 0, sizeof(*r));
	r->offset = wall - now;
	r->seen = now;
	r->ram[REG_A] = A_32768_HZ | 6;
	r->ram[REG_B] = B_24_HOURS;
	r->ram[0x14] = 0x02; /* equipment: a coprocessor */
	r->ram[0x38] = 0x30; /* boot order: disk, then CD */
	r->ram[0x3d] = 0x02;
	r->ram[0x5f] = (uint8_t)(m->cpus - 1);
	put_memory(r, m->low, m->high);
	show(r, now);
}
