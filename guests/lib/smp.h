/*
 * The other vCPUs of a domain with several. They are started one by one, by INIT and STARTUP, and
 * share everything with the first: page tables, GDT, trap handlers, APIC mode. For guests whose RAM
 * begins at 0, with 2 MiB of it or more. How to use it:
 *
 *	static uint8_t stack[8][16384] ALIGNED(16);
 *
 *	static void work(void) { ... smp_id() ...; smp_lock(); print(...); smp_unlock(); }
 *
 *	apic_init(true);                      the first vCPU's APIC, in the mode that all shall have
 *	for (unsigned i = 1; i < boot->vcpus; i++)
 *		if (!smp_start(i, stack[i] + sizeof(stack[i]), work))
 *			panic("vCPU %u does not start", i);
 *
 * smp_start returns once work() is about to run on that vCPU, with interrupts off. Should work()
 * return, its vCPU halts for good. print() and most else of the library is for one vCPU at a time.
 */
#ifndef GUESTS_LIB_SMP_H
#define GUESTS_LIB_SMP_H

#include <stdbool.h>
#include <stdint.h>

#define SMP_PAGE 0x8000ul /* where vCPUs begin; nothing else may be there */

typedef void smp_fn(void);

/* From the first vCPU: starts vCPU `id`, whatever it did before, anew with fn on this stack. False
   if it has not come after ten seconds. */
bool smp_start(unsigned id, void *stack_top, smp_fn *fn);

/* Ends whatever vCPU `id` does: an INIT message. */
void smp_stop(unsigned id);

/* The number of the vCPU that runs this. */
unsigned smp_id(void);

/* An interrupt for another vCPU. */
void smp_ipi(unsigned id, unsigned vector);

/* One lock for all that is shared, in order of arrival. Not with an interrupt handler. */
void smp_lock(void);
void smp_unlock(void);

#endif
