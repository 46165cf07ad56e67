/*
 * What the two roles of this guest agree on. The PC drives its own ISA lines: a write to WIRE_NOW
 * is answered by the other domain once it has set the line, so that the next instruction finds it
 * so; one to WIRE_LATER is answered first, and done some time later.
 */
#ifndef GUESTS_PIC_PIC_H
#define GUESTS_PIC_PIC_H

#define WIRE_NOW   0x2e0u /* line, or with WIRE_HIGH */
#define WIRE_LATER 0x2e1u
#define WIRE_HIGH  0x80u

/* The service domain's role. */
_Noreturn void wires(void);

#endif
