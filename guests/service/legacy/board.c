/*
 * Ports to devices by one table. An access of several bytes is one of each byte, as on the ISA bus;
 * the PM timer alone is read whole.
 */
#include "guests/service/legacy/board.h"

#include "abi/platform.h"
#include "guests/service/legacy/clock.h"
#include "lib/bits.h"
#include "lib/string.h"

#define PORT_PIT       0x40u
#define PORT_KEYBOARD  0x60u
#define PORT_SPEAKER   0x61u
#define PORT_COMMAND   0x64u
#define PORT_RTC       0x70u
#define PORT_DMA_PAGES 0x81u

#define SPEAKER_GATE     0x01u /* of the PIT's channel 2 */
#define SPEAKER_WRITABLE 0x0fu
#define SPEAKER_REFRESH  0x10u
#define SPEAKER_OUTPUT   0x20u
#define REFRESH_CLOCKS   18u /* of the PIT: 15 us */
#define MESSAGES_HERE    0xe9u

#define PM_TIMER_HZ   3579545u
#define PM_TIMER_MASK 0xffffffu

struct port_range {
	uint16_t first, last;
	uint8_t (*read)(struct board *b, unsigned port, uint64_t now);
	void (*write)(struct board *b, unsigned port, uint8_t value, uint64_t now);
};

static uint64_t pit_clock(uint64_t now)
{
	return clock_ticks(now, PIT_HZ);
}

static uint8_t read_pit(struct board *b, unsigned port, uint64_t now)
{
	return pit_read(&b->pit, port - PORT_PIT, pit_clock(now));
}

static void write_pit(struct board *b, unsigned port, uint8_t value, uint64_t now)
{
	pit_write(&b->pit, port - PORT_PIT, value, pit_clock(now));
}

static uint8_t read_keyboard(struct board *b, unsigned port, uint64_t now)
{
	return i8042_read(&b->keyboard, port == PORT_COMMAND);
}

static void write_keyboard(struct board *b, unsigned port, uint8_t value, uint64_t now)
{
	i8042_write(&b->keyboard, port == PORT_COMMAND, value);
}

static uint8_t read_speaker(struct board *b, unsigned port, uint64_t now)
{
	uint64_t clock = pit_clock(now);

	return b->speaker | (clock / REFRESH_CLOCKS & 1 ? SPEAKER_REFRESH : 0) |
	       (pit_output(&b->pit, 2, clock) ? SPEAKER_OUTPUT : 0);
}

static void write_speaker(struct board *b, unsigned port, uint8_t value, uint64_t now)
{
	b->speaker = value & SPEAKER_WRITABLE;
	pit_gate(&b->pit, 2, value & SPEAKER_GATE, pit_clock(now));
}

static uint8_t read_rtc(struct board *b, unsigned port, uint64_t now)
{
	return rtc_read(&b->rtc, port - PORT_RTC, now);
}

static void write_rtc(struct board *b, unsigned port, uint8_t value, uint64_t now)
{
	rtc_write(&b->rtc, port - PORT_RTC, value, now);
}

static uint8_t read_page(struct board *b, unsigned port, uint64_t now)
{
	return b->page[port & 15];
}

static void write_page(struct board *b, unsigned port, uint8_t value, uint64_t now)
{
	b->page[port & 15] = value;
}

static uint8_t read_messages(struct board *b, unsigned port, uint64_t now)
{
	return MESSAGES_HERE;
}

static void write_messages(struct board *b, unsigned port, uint8_t value, uint64_t now)
{
	if (value != '\r' && value != '\n' && b->length < BOARD_LINE)
		b->line[b->length++] = (char)(value >= ' ' && value < 0x7f ? value : '?');
	b->line_ended = value == '\n' || b->length >= BOARD_LINE;
}

static const struct port_range ranges[] = {
	{ PORT_PIT, PORT_PIT + 3, read_pit, write_pit },
	{ PORT_KEYBOARD, PORT_KEYBOARD, read_keyboard, write_keyboard },
	{ PORT_SPEAKER, PORT_SPEAKER, read_speaker, write_speaker },
	{ PORT_COMMAND, PORT_COMMAND, read_keyboard, write_keyboard },
	{ PORT_RTC, PORT_RTC + 1, read_rtc, write_rtc },
	{ PORT_DMA_PAGES, PORT_DMA_PAGES + 14, read_page, write_page },
	{ HV_PORT_MESSAGES, HV_PORT_MESSAGES, read_messages, write_messages },
};

static const struct port_range *range_of(unsigned port)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
		if (port >= ranges[i].first && port <= ranges[i].last)
			return &ranges[i];
	return NULL;
}

static uint32_t pm_timer(unsigned port, uint64_t now)
{
	uint32_t value = clock_ticks(now, PM_TIMER_HZ) & PM_TIMER_MASK;

	return value >> 8 * (port - HV_PORT_PM_TIMER);
}

uint32_t board_read(struct board *b, unsigned port, unsigned bytes, uint64_t now)
{
	uint32_t value = 0;

	if (port >= HV_PORT_PM_TIMER && port - HV_PORT_PM_TIMER < 4)
		return pm_timer(port, now);
	for (unsigned i = 0; i < bytes; i++) {
		const struct port_range *r = range_of(port + i);

		value |= (uint32_t)(r ? r->read(b, port + i, now) : 0xff) << 8 * i;
	}
	return value;
}

void board_write(struct board *b, unsigned port, unsigned bytes, uint32_t value, uint64_t now)
{
	for (unsigned i = 0; i < bytes; i++) {
		const struct port_range *r = range_of(port + i);

		if (r)
			r->write(b, port + i, (uint8_t)(value >> 8 * i), now);
	}
}

void board_account(struct board *b, uint64_t now)
{
	pit_account(&b->pit, pit_clock(now));
	rtc_account(&b->rtc, now);
}

bool board_irq(const struct board *b, unsigned irq)
{
	return irq == BOARD_IRQ_CLOCK ? rtc_line(&b->rtc)
				      : i8042_line(&b->keyboard, irq == BOARD_IRQ_MOUSE);
}

uint64_t board_next(const struct board *b)
{
	uint64_t tick = pit_next(&b->pit);

	return MIN(rtc_next(&b->rtc), tick == CLOCK_NEVER ? tick : clock_ns(tick, PIT_HZ));
}

void board_power_on(struct board *b, const struct rtc_machine *m, uint64_t wall, uint64_t now)
{
	memset(b, 0, sizeof(*b));
	pit_power_on(&b->pit);
	i8042_power_on(&b->keyboard);
	rtc_power_on(&b->rtc, m, wall, now);
}
