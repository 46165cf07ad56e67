/*
 * The keyboard controller (8042), with nothing plugged in: its own commands work, and whatever is
 * sent to a keyboard or mouse comes back as a time-out, so that kernels go on at once. The command
 * that resets the PC never comes here: the hypervisor carries it out.
 */
#ifndef GUESTS_SERVICE_LEGACY_I8042_H
#define GUESTS_SERVICE_LEGACY_I8042_H

#include <stdbool.h>
#include <stdint.h>

struct i8042 {
	uint8_t status; /* the bits that change: what the byte in `out` is, what was written last */
	uint8_t out;    /* the byte that is to be read */
	uint8_t control; /* the command byte */
	uint8_t command; /* whose argument is awaited, 0: none */
};

void i8042_power_on(struct i8042 *k);

/* Ports 0x60 (data) and 0x64 (command). */
uint8_t i8042_read(struct i8042 *k, bool command);
void i8042_write(struct i8042 *k, bool command, uint8_t value);

/* IRQ 1 (keyboard), IRQ 12 (mouse). */
bool i8042_line(const struct i8042 *k, bool mouse);

#endif
