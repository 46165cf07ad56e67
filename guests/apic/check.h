/*
 * What the cases of this guest share: a line for each check, and interrupts that note that they
 * came. A case runs once in each mode of the local APIC.
 */
#ifndef GUESTS_APIC_CHECK_H
#define GUESTS_APIC_CHECK_H

#include <stdint.h>

/* One line: "MODE: what: ok", or what was wanted and what came. */
void check(const char *what, uint64_t got, uint64_t wanted);

/* Vectors that were taken since notes_clear, first in the highest byte: 41h, then 42h: 0x4142. */
void notes_clear(void);
uint64_t notes(void);
/* Called in each interrupt after it was noted, before its EOI; NULL: nothing. */
void notes_call(void (*fn)(uint8_t vector));

/* Interrupts on for a few instructions. */
void irq_gap(void);

void delivery_cases(void);
void register_cases(void);
void timer_cases(void);
void level_cases(void);
/* Last: these leave the usual place and mode, and come back. */
void mode_cases(void);

#endif
