/*
 * Inside the scheduler only: a CPU's part of it. sched.c is the dispatcher, sched_timer.c says when
 * somebody must come off, sched_account.c keeps caps, sched_lend.c knows lenders, sched_setup.c
 * fills everything in at boot.
 */
#ifndef VMM_SCHED_CPU_H
#define VMM_SCHED_CPU_H

#include "vmm/domain.h"
#include "vmm/runq.h"
#include "vmm/sched_table.h"
#include "vmm/timer.h"

struct sched_cpu {
	/* this CPU */
	struct runq ready;
	struct vcpu *running; /* in the loop now */
	struct vcpu *loaded;  /* whose registers the CPU holds (switch.h) */
	struct vcpu *payer;   /* whose priority, slice and cap that uses: its own, or a lender's */
	uint64_t since;       /* TSC when `running` went in */
	uint64_t left;        /* for the trace: TSC when somebody came off, 0 after idling */
	bool again;           /* what runs comes off, whoever else is ready */
	bool stranded;        /* a lender found its back end not ready and left the queue */
	struct timer quantum; /* the payer's slice or share is over */
	struct timer renewal; /* somebody spent gets a new share */

	struct sched_table table;
	const struct sched_slot *slot; /* NULL: between slots, or no table */
	uint64_t slot_end;             /* TSC until which that holds */
	struct timer turn;             /* goes off then */

	volatile bool attention; /* also set by this CPU's interrupt handlers */
	volatile bool tick;      /* set by the timer's interrupt: a deadline has passed */
} ALIGNED(64);

struct sched_cpu *sched_cpu_of(unsigned cpu);

/* A service domain's: it has a budget in place of a cap. */
static inline bool sched_is_back_end(const struct vcpu *v)
{
	return v->domain->config->flags & CONFIG_FLAG_SERVICE;
}

/* This CPU: v's cap pays for what it has used since. */
void sched_pay(struct sched_cpu *c, struct vcpu *v, uint64_t used);
/* c->renewal is due. */
void sched_renew(struct timer *t);

/* v waits outside its queue: in again. It may run; ready, or a lender. */
void sched_queue(struct sched_cpu *c, struct vcpu *v, bool front);
/* Whom a vCPU waits for, if that is on its CPU; NULL: nobody. */
struct vcpu *sched_server_of(const struct vcpu *v);

static inline struct vcpu *sched_server(const struct vcpu *v)
{
	return v->run_state == VCPU_BLOCKED && v->io.asked ? sched_server_of(v) : NULL;
}

/* What runs comes off, and whoever is first then goes in. */
void sched_again(struct sched_cpu *c);
void sched_tick(void *arg);
void sched_mail(void *arg);

/* sched_timer.c, this CPU: sets the timer at which what runs must come off. */
void sched_deadline_set(struct sched_cpu *c);
/* Looks up what the cyclic table says now, until slot_end. */
void sched_look(struct sched_cpu *c);
void sched_quantum_over(struct timer *t);
void sched_turn(struct timer *t);

static inline void sched_arm(struct sched_cpu *c)
{
	if (UNLIKELY(runq_has_equal(&c->ready, c->payer->priority) || c->payer->cap.share))
		sched_deadline_set(c);
}

/* While something is traced: what runs comes off now, or has gone in. */
void sched_trace_leave(struct sched_cpu *c, uint64_t now);
void sched_trace_enter(struct sched_cpu *c);

/* A back end is ready: lenders that found it otherwise and left the queue come back. */
void sched_rejoin(struct sched_cpu *c);

#endif
