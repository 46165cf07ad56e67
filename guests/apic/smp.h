/*
 * Work for the other vCPUs of this guest: the first one gives it out and waits, asleep, so that
 * several vCPUs may share a CPU. Every interrupt is counted where it was taken.
 */
#ifndef GUESTS_APIC_SMP_H
#define GUESTS_APIC_SMP_H

#include <stdbool.h>
#include <stdint.h>

#include "guests/lib/smp.h"
#include "guests/lib/trap.h"

#define SMP_VCPUS 8

/* Vectors: 0x90 + i asks, in the name of vCPU i, for an answer, 0xa0 on vCPU i; others are counted
   only. */
enum { VECTOR_ASK = 0x90, VECTOR_ANSWER = 0xa0, VECTOR_TEST = 0xb0, VECTOR_WORK = 0xc0 };

/* What every vector of these does, for trap_bind. */
void smp_note(struct trap_frame *frame, void *arg);

/* Starts all vCPUs; they sleep. Binds the vectors. */
void smp_begin(void);
/* What smp_begin started is off again. */
void smp_end(void);

/* fn on that vCPU, or on all but the first at a time; returns when it is done. Gives up, and says
   so by false, if that takes many seconds. */
bool smp_do(unsigned id, smp_fn *fn);
bool smp_do_others(smp_fn *fn);
/* The halves of it. */
void smp_give(unsigned id, smp_fn *fn);
bool smp_done(unsigned id);

/* Interrupts of a vector that a vCPU has taken since counts_clear; of VECTOR_TEST on all of them, a
   digit each, the first vCPU's last. */
unsigned count(unsigned id, uint8_t vector);
uint64_t counts(void);
void counts_clear(void);
/* The same when there are as many as wanted, or after a while. */
uint64_t counts_when(uint64_t wanted);

/* Asleep until the next interrupt; some come anyway. Interrupts are off before and after. */
void smp_sleep(void);

/* Cases, each with the vCPUs started. */
void ipi_cases(void);
void storm_cases(void);
void clock_cases(void);
void kvm_cases(void);
/* With one vCPU, too. */
void eoi_cases(void);

#endif
