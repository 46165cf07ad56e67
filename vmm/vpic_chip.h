/*
 * One 8259A interrupt controller (Intel 8259A data sheet, 231468): its registers and what it would
 * answer an acknowledge with. Pure; the pair and its lock are vpic.c's. "Rank" is the distance from
 * the input that has the highest priority now: 0 is served first.
 */
#ifndef VMM_VPIC_CHIP_H
#define VMM_VPIC_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#define VPIC_CASCADE  2 /* the master's input to which the slave is wired */
#define VPIC_SPURIOUS 7 /* what an acknowledge without a request gets */

struct vpic_chip {
	uint8_t lines;         /* inputs that are high */
	uint8_t irr, isr, imr; /* requested, in service, masked */
	uint8_t elcr;          /* inputs that are level-triggered; all others are by edges */
	uint8_t base;          /* vector of input 0 */
	uint8_t lowest;        /* the input with the lowest priority */
	uint8_t expects;       /* initialization word that comes next, 0: none */
	bool icw4, single;     /* which of them will come */
	bool auto_eoi, auto_rotate, special_mask;
	bool nested; /* special fully nested: the slave's input does not hold itself back */
	bool poll;   /* the next read acknowledges */
	bool shows_isr;
};

/* As after power-on: nothing initialized. ELCR and lines too. */
void vpic_chip_reset(struct vpic_chip *c);

/* Drives an input. An edge is remembered even if the line falls before it is acknowledged. */
void vpic_chip_line(struct vpic_chip *c, unsigned input, bool level);

/* The input that asks for service now, -1: INT is low. */
int vpic_chip_request(const struct vpic_chip *c);

/* Acknowledges what vpic_chip_request said; returns its vector. */
uint8_t vpic_chip_ack(struct vpic_chip *c, int input);

/* The two ports: A0 low, A0 high. */
uint8_t vpic_chip_read(struct vpic_chip *c, bool a0);
void vpic_chip_write(struct vpic_chip *c, bool a0, uint8_t value);
void vpic_chip_set_elcr(struct vpic_chip *c, uint8_t elcr);

#endif
