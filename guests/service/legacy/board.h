/*
 * The legacy devices of one guest together: what lies behind its ports, byte by byte. Pure: time
 * (nanoseconds of the machine) comes in, lines and lines of text go out. The whole of it is one
 * struct without pointers, which pc.c keeps over restarts; any content of it is safe to run with.
 *
 *   0x40-0x43 PIT   0x60, 0x64 keyboard controller   0x61 speaker and refresh
 *   0x70-0x71 clock and CMOS   0x81-0x8f DMA pages   0x402 firmware's messages   PM timer
 */
#ifndef GUESTS_SERVICE_LEGACY_BOARD_H
#define GUESTS_SERVICE_LEGACY_BOARD_H

#include "guests/service/legacy/i8042.h"
#include "guests/service/legacy/pit.h"
#include "guests/service/legacy/rtc.h"

#define BOARD_LINE 120u

/* The lines of the board but the PIT's, which comes in ticks. */
#define BOARD_IRQ_KEYBOARD 1u
#define BOARD_IRQ_CLOCK    8u
#define BOARD_IRQ_MOUSE    12u

struct board {
	struct pit pit;
	struct rtc rtc;
	struct i8042 keyboard;
	uint8_t speaker; /* port 0x61 as written */
	uint8_t page[16];
	uint8_t length;     /* of `line` */
	uint8_t line_ended; /* it is to be shown, then taken back */
	char line[BOARD_LINE];
};

void board_power_on(struct board *b, const struct rtc_machine *m, uint64_t wall, uint64_t now);

/* An access of 1, 2 or 4 bytes at a port; ones where nothing is. */
uint32_t board_read(struct board *b, unsigned port, unsigned bytes, uint64_t now);
void board_write(struct board *b, unsigned port, unsigned bytes, uint32_t value, uint64_t now);

/* Time has passed: ticks become due, the clock's flags change. */
void board_account(struct board *b, uint64_t now);

/* The level of a line (BOARD_IRQ_*). */
bool board_irq(const struct board *b, unsigned irq);

/* When board_account would change a line or make a tick due, CLOCK_NEVER if it never would. After
   board_account. */
uint64_t board_next(const struct board *b);

#endif
