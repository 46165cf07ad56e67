/*
 * The host's interrupt vectors. All CPUs share one IDT. The hypervisor runs with interrupts off;
 * they are taken only in irq_window() and irq_wait(), so a handler never meets half-done work of
 * the code it came upon. Handlers run with interrupts off, and irq.c writes the local APIC's EOI
 * after them.
 */
#ifndef ARCH_X86_CPU_IRQ_H
#define ARCH_X86_CPU_IRQ_H

#include <stdint.h>

#include "lib/err.h"

#define IRQ_VECTOR_FIRST    0x30
#define IRQ_VECTOR_LAST     0xef
#define IRQ_VECTOR_TIMER    0xf0 /* the local APIC's timer */
#define IRQ_VECTOR_IPI      0xf1 /* look at your mailbox */
#define IRQ_VECTOR_LEAVE    0xf2 /* nothing to do but to leave the guest */
#define IRQ_VECTOR_ERROR    0xfe /* the local APIC's error interrupt */
#define IRQ_VECTOR_SPURIOUS 0xff

typedef void irq_handler_fn(void *arg);

/* A vector of 0x30..0xef for an external interrupt, ERR_NOMEM when all are taken. Boot or under
   the caller's lock; the vector works at once on every CPU. */
int irq_alloc(irq_handler_fn *fn, void *arg);
/* The handler of a fixed vector. */
void irq_set_handler(uint8_t vector, irq_handler_fn *fn, void *arg);

/* Takes what is pending now. */
void irq_window(void);
/* Sleeps until an interrupt comes, and takes it. One that is pending already ends it at once. */
void irq_wait(void);

#endif
