/*
 * The scheduler: one loop and one set of run queues for each physical CPU, round robin by quantum
 * inside a priority level. Other CPUs reach a vCPU only through vcpu_request(): bits, a mailbox,
 * an IPI. There is no lock on the exit path.
 */
#ifndef VMM_SCHED_H
#define VMM_SCHED_H

#include "lib/bits.h"
#include "vmm/vcpu.h"

/* Boot: every CPU's queues. Boot CPU, before any vCPU exists. */
void sched_init(void);

/* The loop; never returns. */
NORETURN void sched_loop(void);

/* Owner CPU: puts a vCPU that was off, asleep or blocked into its run queue; preempts what runs
   if that has a lower priority. No effect on one that is ready or running. */
void sched_ready(struct vcpu *v);
/* Owner CPU: takes a vCPU out of the run queue; it is off, and what the CPU holds of its registers
   is forgotten. */
void sched_off(struct vcpu *v);

/* Owner CPU: takes out a vCPU that an INIT message has reached, its registers saved; sched_ready
   makes it run again. */
void sched_wait_startup(struct vcpu *v);

/* This CPU: the loop around a guest ends soon and looks what there is to do. */
void sched_attend(void);
/* This CPU: a deadline has passed; the loop runs what is due. */
void sched_time_up(void);

/* Owner CPU: takes a vCPU out until sched_resume, which puts it back to what it did. */
void sched_pause(struct vcpu *v);
void sched_resume(struct vcpu *v);

/* Picks the CPU for a domain's vCPUs: `wish`, or by turns; a service domain has CPU 0 to itself
   where the machine has others. */
unsigned sched_place(unsigned wish, bool service);

#endif
