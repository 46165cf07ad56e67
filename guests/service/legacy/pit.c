/*
 * Intel's 8254 data sheet. Nothing counts: each value follows from when a count was loaded. The one
 * clock between writing a count and its loading is left out.
 */
#include "guests/service/legacy/pit.h"

#include "guests/service/legacy/clock.h"
#include "lib/bits.h"

#define CONTROL_BCD   0x01u
#define CONTROL_MODE  MASK(3, 1)
#define CONTROL_BYTES MASK(5, 4) /* 0: latch command, then low, high, both */
#define CONTROL_WHOLE MASK(5, 0)
#define BYTES_LOW     1u
#define BYTES_HIGH    2u
#define BYTES_BOTH    3u
#define READ_BACK     3u /* in place of a channel */
#define NO_COUNT      BIT(5)
#define NO_STATUS     BIT(4)
#define STATUS_OUTPUT 0x80u
#define STATUS_NULL   0x40u

#define PIT_WROTE_LOW  1u
#define PIT_READ_LOW   2u
#define PIT_HAS_COUNT  1u
#define PIT_HAS_STATUS 2u

/* 0 to 5; 6 and 7 are 2 and 3. */
static unsigned mode_of(const struct pit_channel *c)
{
	unsigned mode = (unsigned)field_get(CONTROL_MODE, c->control);

	return mode > 5 ? mode - 4 : mode;
}

static bool is_periodic(const struct pit_channel *c)
{
	return mode_of(c) == 2 || mode_of(c) == 3;
}

/* Modes 1 and 5 wait for the gate to rise. */
static bool is_triggered(const struct pit_channel *c)
{
	return mode_of(c) == 1 || mode_of(c) == 5;
}

static bool is_counting(const struct pit_channel *c)
{
	return c->count && (is_triggered(c) ? c->triggered : c->gate);
}

static uint64_t elapsed(const struct pit_channel *c, uint64_t now)
{
	return is_counting(c) && now >= c->start ? now - c->start : c->held;
}

/* A new count of a periodic mode waits for the end of the period. */
static void turn(struct pit_channel *c, uint64_t now)
{
	if (!c->next || now < c->turn)
		return;
	c->start = c->turn;
	c->count = c->next;
	c->next = 0;
}

/* --- what the pins and the counter show --------------------------------------------------- */

static bool output(const struct pit_channel *c, uint64_t now)
{
	uint64_t e = elapsed(c, now);
	bool counts = is_counting(c);

	switch (mode_of(c)) {
	case 0: return c->count && e >= c->count;
	case 1: return !counts || e >= c->count;
	case 2: return !counts || e % c->count != c->count - 1;
	case 3: return !counts || e % c->count < (c->count + 1) / 2;
	default: return !counts || e != c->count;
	}
}

static unsigned to_bcd(unsigned n)
{
	return n % 10 | n / 10 % 10 << 4 | n / 100 % 10 << 8 | n / 1000 % 10 << 12;
}

static unsigned from_bcd(unsigned n)
{
	return (n & 15) + (n >> 4 & 15) * 10 + (n >> 8 & 15) * 100 + (n >> 12 & 15) * 1000;
}

/* Mode 3 counts by twos, each half of the period anew; the first half of an odd count is longer. */
static unsigned square_left(const struct pit_channel *c, uint64_t e)
{
	unsigned half = (c->count + 1) / 2, at = (unsigned)(e % c->count);

	at -= at >= half ? half : 0;
	return MAX(c->count & ~1u, 2 * at + 2) - 2 * at;
}

/* The counting element. */
static uint16_t counter(const struct pit_channel *c, uint64_t now)
{
	unsigned modulus = c->control & CONTROL_BCD ? 10000 : 0x10000;
	uint64_t e = elapsed(c, now);
	unsigned left;

	if (!c->count)
		return 0;
	switch (mode_of(c)) {
	case 2: left = c->count - (unsigned)(e % c->count); break;
	case 3: left = square_left(c, e); break;
	default: left = c->count + modulus - (unsigned)(e % modulus);
	}
	return (uint16_t)(c->control & CONTROL_BCD ? to_bcd(left) : left);
}

/* --- channel 0's ticks -------------------------------------------------------------------- */

/* Rising edges of the output in (since, now]. */
static uint64_t edges(const struct pit_channel *c, uint64_t since, uint64_t now)
{
	uint64_t one = c->start + c->count + (mode_of(c) == 4);

	if (!is_counting(c) || is_triggered(c) || now < c->start)
		return 0;
	since = MAX(since, c->start);
	if (is_periodic(c))
		return (now - c->start) / c->count - (since - c->start) / c->count;
	return one > since && one <= now;
}

void pit_account(struct pit *p, uint64_t now)
{
	struct pit_channel *c = &p->channel[0];
	uint64_t due = 0;

	if (now <= p->seen)
		return;
	if (c->next && now >= c->turn) {
		due = edges(c, p->seen, c->turn);
		p->seen = MAX(p->seen, c->turn);
		turn(c, now);
	}
	due += edges(c, p->seen, now);
	p->seen = now;
	p->owed = (uint32_t)MIN(p->owed + due, (uint64_t)PIT_OWED);
}

uint64_t pit_period(const struct pit *p)
{
	const struct pit_channel *c = &p->channel[0];

	return is_periodic(c) ? clock_ns(c->count, PIT_HZ) : 0;
}

uint64_t pit_next(const struct pit *p)
{
	const struct pit_channel *c = &p->channel[0];
	uint64_t e = p->seen - MIN(c->start, p->seen);
	uint64_t one = c->start + c->count + (mode_of(c) == 4);

	if (!is_counting(c) || is_triggered(c))
		return CLOCK_NEVER;
	if (is_periodic(c))
		return c->start + (e / c->count + 1) * c->count;
	return one > p->seen ? one : CLOCK_NEVER;
}

/* --- what the guest does ------------------------------------------------------------------ */

void pit_power_on(struct pit *p)
{
	*p = (struct pit){ 0 };
	for (unsigned i = 0; i < PIT_CHANNELS; i++) {
		p->channel[i].control = BYTES_BOTH << 4 | 3 << 1;
		p->channel[i].gate = i != 2;
	}
}

static void load(struct pit_channel *c, unsigned value, uint64_t now)
{
	uint32_t count = c->control & CONTROL_BCD ? from_bcd(value) : value;

	if (!count)
		count = c->control & CONTROL_BCD ? 10000 : 0x10000;
	if (is_periodic(c) && is_counting(c)) {
		c->turn = now + c->count - elapsed(c, now) % c->count;
		c->next = count;
		return;
	}
	if (!c->triggered)
		c->start = now;
	c->held = 0;
	c->count = count;
}

static void write_count(struct pit_channel *c, uint8_t value, uint64_t now)
{
	switch (field_get(CONTROL_BYTES, c->control)) {
	case BYTES_LOW: load(c, value, now); return;
	case BYTES_HIGH: load(c, (unsigned)value << 8, now); return;
	default: break;
	}
	c->phase ^= PIT_WROTE_LOW;
	if (c->phase & PIT_WROTE_LOW) {
		c->low = value;
		if (mode_of(c) == 0)
			c->count = 0; /* the first byte stops it */
	} else {
		load(c, c->low | (unsigned)value << 8, now);
	}
}

static void latch_count(struct pit_channel *c, uint64_t now)
{
	if (!(c->latch & PIT_HAS_COUNT))
		c->latched = counter(c, now);
	c->latch |= PIT_HAS_COUNT;
}

static void latch_status(struct pit_channel *c, uint64_t now)
{
	if (c->latch & PIT_HAS_STATUS)
		return;
	c->status = c->control | (output(c, now) ? STATUS_OUTPUT : 0) |
		    (!c->count || c->next ? STATUS_NULL : 0);
	c->latch |= PIT_HAS_STATUS;
}

static void read_back(struct pit *p, uint8_t value, uint64_t now)
{
	for (unsigned i = 0; i < PIT_CHANNELS; i++) {
		if (!(value & BIT(i + 1)))
			continue;
		if (!(value & NO_COUNT))
			latch_count(&p->channel[i], now);
		if (!(value & NO_STATUS))
			latch_status(&p->channel[i], now);
	}
}

static void write_control(struct pit *p, uint8_t value, uint64_t now)
{
	struct pit_channel *c = &p->channel[value >> 6 & 3];

	if (!field_get(CONTROL_BYTES, value)) {
		latch_count(c, now);
		return;
	}
	*c = (struct pit_channel){ .control = (uint8_t)(value & CONTROL_WHOLE), .gate = c->gate };
	if (c == &p->channel[0])
		p->owed = 0;
}

uint8_t pit_read(struct pit *p, unsigned port, uint64_t now)
{
	struct pit_channel *c = &p->channel[port];
	unsigned bytes, value;
	bool high;

	if (port >= PIT_CHANNELS)
		return 0xff; /* the control word cannot be read */
	pit_account(p, now);
	turn(c, now);
	if (c->latch & PIT_HAS_STATUS) {
		c->latch &= (uint8_t)~PIT_HAS_STATUS;
		return c->status;
	}
	bytes = (unsigned)field_get(CONTROL_BYTES, c->control);
	value = c->latch & PIT_HAS_COUNT ? c->latched : counter(c, now);
	high = bytes == BYTES_HIGH || (c->phase & PIT_READ_LOW);
	if (bytes == BYTES_BOTH)
		c->phase ^= PIT_READ_LOW;
	if (!(c->phase & PIT_READ_LOW))
		c->latch &= (uint8_t)~PIT_HAS_COUNT;
	return (uint8_t)(high ? value >> 8 : value);
}

void pit_write(struct pit *p, unsigned port, uint8_t value, uint64_t now)
{
	unsigned channel = port < PIT_CHANNELS ? port : value >> 6;

	pit_account(p, now);
	if (channel < PIT_CHANNELS)
		turn(&p->channel[channel], now);
	if (port < PIT_CHANNELS)
		write_count(&p->channel[port], value, now);
	else if (channel == READ_BACK)
		read_back(p, value, now);
	else
		write_control(p, value, now);
}

void pit_gate(struct pit *p, unsigned channel, bool level, uint64_t now)
{
	struct pit_channel *c = &p->channel[channel];

	turn(c, now);
	if (c->gate == level)
		return;
	if (!level) {
		c->held = is_periodic(c) ? 0 : elapsed(c, now);
		if (c->next)
			c->count = c->next;
		c->next = 0;
	} else if (is_triggered(c)) {
		c->start = now;
		c->triggered = c->count != 0;
	} else {
		c->start = now - c->held;
	}
	c->gate = level;
}

bool pit_output(struct pit *p, unsigned channel, uint64_t now)
{
	struct pit_channel *c = &p->channel[channel];

	turn(c, now);
	return output(c, now);
}
