/*
 * The scheduler: one dispatcher for each physical CPU. Round robin by quantum inside a priority
 * level; a vCPU with a cap rests when its share of a period is used up; in a slot of the cyclic
 * table its vCPU has the CPU, and one that has slots runs there only. Other CPUs reach a vCPU
 * through vcpu_request() alone: bits, a mailbox, an IPI. There is no lock on the exit path.
 *
 * A vCPU that waits for a back end of its own CPU stays in its queue and lends what it has there,
 * priority and slice and slot: when its turn comes, the back end runs on its time. What a back end
 * does unasked (doorbells, devices) it does at its own priority within a budget a period, and
 * beyond that at the priority of its highest client. It is never stopped.
 */
#ifndef VMM_SCHED_H
#define VMM_SCHED_H

#include "lib/bits.h"
#include "vmm/vcpu.h"

struct config;

/* Boot: every CPU's queues. Boot CPU, before any vCPU exists. */
void sched_init(void);
/* Boot: settles which CPU each vCPU gets (place.h); before vCPUs are made. */
void sched_plan(const struct config *c);
/* Boot: the cyclic table; when all vCPUs are made, before any runs. */
void sched_table_build(const struct config *c);
/* Boot: a new vCPU's priority, quantum and cap, from its domain's config. */
void sched_vcpu_init(struct vcpu *v);

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
/* This CPU: what runs gives the rest of its quantum to others of its level. */
void sched_yield(void);

/* Owner CPU: takes a vCPU out until sched_resume, which puts it back to what it did. */
void sched_pause(struct vcpu *v);
void sched_resume(struct vcpu *v);

#endif
