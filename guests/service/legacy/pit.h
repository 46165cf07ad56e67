/*
 * The 8254 interval timer: three channels, all modes, both byte orders, latches and read-back. The
 * time it is given counts its own clock (PIT_HZ). Channel 0's output is IRQ 0; channel 2's gate and
 * output are bits of port 0x61.
 *
 * Ticks that the guest was too busy to take are owed to it: each is raised after the EOI of the one
 * before, so that a guest that counts ticks keeps the time. More than PIT_OWED are forgotten: that
 * guest has masked them, or was stopped, and its clock is beyond saving.
 */
#ifndef GUESTS_SERVICE_LEGACY_PIT_H
#define GUESTS_SERVICE_LEGACY_PIT_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_HZ       1193182u
#define PIT_CHANNELS 3
#define PIT_OWED     1000u

struct pit_channel {
	uint64_t start; /* clock at which the count was loaded or triggered */
	uint64_t held;  /* clocks that had passed when the gate fell */
	uint64_t turn;  /* clock at which `next` takes over */
	uint32_t count; /* 1..65536; 0: none was loaded since the control word */
	uint32_t next;  /* of periodic modes; 0: none waits */
	uint8_t control;
	uint8_t gate, triggered;
	uint8_t low;   /* the first of two bytes written */
	uint8_t phase; /* PIT_WROTE_LOW, PIT_READ_LOW */
	uint8_t latch; /* PIT_HAS_COUNT, PIT_HAS_STATUS */
	uint8_t status;
	uint16_t latched;
};

struct pit {
	struct pit_channel channel[PIT_CHANNELS];
	uint64_t seen; /* clock up to which channel 0's ticks are accounted for */
	uint32_t owed; /* ticks that are due and have not been raised */
};

void pit_power_on(struct pit *p);

/* Ports 0x40 to 0x43 are 0 to 3. */
uint8_t pit_read(struct pit *p, unsigned port, uint64_t now);
void pit_write(struct pit *p, unsigned port, uint8_t value, uint64_t now);

void pit_gate(struct pit *p, unsigned channel, bool level, uint64_t now);
bool pit_output(struct pit *p, unsigned channel, uint64_t now);

/* Adds to `owed` what has become due. */
void pit_account(struct pit *p, uint64_t now);

/* Nanoseconds from tick to tick, 0 if they do not repeat. */
uint64_t pit_period(const struct pit *p);

/* The clock at which the next tick becomes due, CLOCK_NEVER if none will. After pit_account. */
uint64_t pit_next(const struct pit *p);

#endif
