/* What areas with interrupt handlers share: a text to which handlers add letters. */
#ifndef GUESTS_CONFORM_IRQ_H
#define GUESTS_CONFORM_IRQ_H

void irq_clear(void);
void irq_note(char c);

/* The letters since irq_clear(), "nothing" if there is none. */
const char *irq_notes(void);

/* Interrupts on for a few instructions. */
void irq_open(void);

#endif
