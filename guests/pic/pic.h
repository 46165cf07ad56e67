/*
 * What the files of this guest, and its two roles, share. The PC drives its own ISA lines: a write
 * to WIRE_NOW is answered by the other domain once it has set the line, so that the next
 * instruction finds it so; one to WIRE_LATER is answered first, and done some time later.
 */
#ifndef GUESTS_PIC_PIC_H
#define GUESTS_PIC_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define WIRE_NOW   0x2e0u /* line, or with WIRE_HIGH */
#define WIRE_LATER 0x2e1u
#define WIRE_HIGH  0x80u

#define BASE1 0x40u /* vectors */
#define BASE2 0x48u
#define PINS  0x60u /* of the I/O APIC, in its test */

#define OCW2_EOI    0x20u
#define ICW4_PC     0x01u
#define ICW4_AEOI   0x02u
#define ICW4_NESTED 0x10u

/* The service domain's role. */
_Noreturn void wires(void);

/* Initializes both chips, all lines unmasked; the handler is the one that sends EOIs. */
void pic_init(unsigned icw4);
/* What an interrupt calls after it was noted, in place of the EOIs. */
void pic_handler(void (*fn)(uint8_t vector));
void pic_eoi(uint8_t vector);
/* Writes that OCW3 to a chip and reads. */
unsigned pic_status(unsigned port, unsigned which);

void wire(unsigned line, bool high);
void pulse(unsigned line);
void irq_gap(void);
/* Interrupts on for a moment; what has come, first in the highest byte: 41h, then 42h: 0x4142. */
uint64_t come(void);
uint64_t taken_so_far(void);

/* One line: "what: ok", or what came and what was wanted. */
void check(const char *what, uint64_t got, uint64_t wanted);

void chip_cases(void);
void way_cases(void);

#endif
