/*
 * One CPU with its vCPUs, for tests of the scheduler: the real dispatcher, timers and mailbox, in a
 * time that the test lets pass. A tick is a microsecond. A vCPU works for so many ticks, then acts;
 * what it does then is a function of the test, or one of those below. The test's file is compiled
 * with `-include tests/unit/fake_tsc.h`.
 */
#ifndef TESTS_FAKE_SCHED_H
#define TESTS_FAKE_SCHED_H

#include "vmm/domain.h"
#include "vmm/ioreq.h"

#define PERIOD  CONFIG_PERIOD_US
#define FOREVER (~0ull)

struct actor {
	struct vcpu v; /* first */
	struct vcpu_state state;
	uint64_t work; /* ticks until it acts; FOREVER: never */
	void (*act)(struct actor *a);
	uint64_t think;   /* clients: the work between two requests; back ends: for each of them */
	uint64_t ran;     /* ticks that it has had in all */
	unsigned served;  /* clients: answers that came */
	bool answered;    /* what it waits for is there */
	bool woken;       /* ends its sleep */
	uint32_t clients; /* back ends: bit n: actor n waits for an answer */
};

enum { ACTORS = 8 };

extern struct actor actors[ACTORS];
extern uint64_t fake_now;

/* An idle machine at time 0 without anybody. */
int machine_fresh(void **state);

/* A new domain of one more vCPUs, which are the next actors; all ready, spinning. cap in percent,
   0: none. Returns the first of them. */
struct actor *machine_add(unsigned vcpus, unsigned priority, unsigned quantum, unsigned cap);
/* Likewise a back end with a budget, asleep. */
struct actor *machine_add_back_end(unsigned priority, unsigned budget);
/* An interrupt at that time calls fn. One at a time. */
void machine_at(uint64_t time, void (*fn)(void));
/* So many ticks pass. */
void machine_play(uint64_t ticks);
/* The same; afterwards `ran` of each actor is what it had of them. */
void machine_measure(uint64_t ticks);

/* From now on: works `think` ticks, asks the back end and waits, and again. */
void actor_asks(struct actor *a, struct actor *back_end, uint64_t think);
/* An event for a back end, or another reason to wake. */
void actor_wake(struct actor *a);
/* Works so many ticks and sleeps then; spins once it is woken. */
void actor_works(struct actor *a, uint64_t ticks);
/* A back end that works answers the first of its clients, if there is one. */
void actor_answer(struct actor *a);

#endif
