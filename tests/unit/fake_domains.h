/*
 * Domains for host unit tests of the contract: a service domain (0) that serves a guest (1) a disk,
 * and a second guest of ours (2) with no rights. Guest-physical addresses are pointers of the test,
 * or offsets into the domain's fake_memory. Takes the place of domain.c, sched.c, service.c,
 * frames.c and guestmem.c.
 */
#ifndef TESTS_UNIT_FAKE_DOMAINS_H
#define TESTS_UNIT_FAKE_DOMAINS_H

#include "vmm/domain.h"

enum { SERVER, GUEST, OTHER, FAKE_DOMAINS };

extern struct domain fake_domains[FAKE_DOMAINS];
extern struct config_domain fake_configs[FAKE_DOMAINS];
extern struct vcpu fake_vcpus[FAKE_DOMAINS];

/* If it is not 0: each domain's RAM is so many bytes of its buffer, and there is nothing else. */
extern size_t fake_memory_bytes;
extern uint8_t *fake_memory[FAKE_DOMAINS];

/* What was done since fake_domains_reset. */
extern uint32_t fake_requests[FAKE_DOMAINS]; /* bits of vcpu_request */
extern unsigned fake_wakes[FAKE_DOMAINS];    /* calls of it */
extern int fake_posted[FAKE_DOMAINS];        /* the last vector, -1 none */
extern unsigned fake_flushes[FAKE_DOMAINS];
extern uint32_t fake_released; /* bits of holders that let go of GUEST */

/* Domains as the config makes them, running, without tables, capabilities or pages. */
void fake_domains_reset(void);

/* True if the event is pending at domain n; it is not any more afterwards. */
bool fake_take_event(unsigned n, unsigned event);

#endif
