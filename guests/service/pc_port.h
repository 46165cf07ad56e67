/*
 * What the PC's board asks of the world, in a file of its own so that pc.c runs in host tests.
 */
#ifndef GUESTS_SERVICE_PC_PORT_H
#define GUESTS_SERVICE_PC_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The level of an ISA line of the guest of this interrupt handle. */
void pc_port_line(uint32_t cap, unsigned irq, bool level);

/* A pulse on a line. False: the interrupt of the last one is still waiting in the guest, and this
   one has become one with it. */
bool pc_port_pulse(uint32_t cap, unsigned irq);

/* A line of text, without its end, from the guest's firmware. */
void pc_port_say(uint32_t guest, const char *name, const char *text, size_t bytes);

#endif
