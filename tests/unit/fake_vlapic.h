/*
 * One guest with one vCPU for the tests of the local APIC. Time is nanoseconds of the host's TSC.
 */
#ifndef TESTS_FAKE_VLAPIC_H
#define TESTS_FAKE_VLAPIC_H

#include "vmm/vlapic_state.h"

#define X2(reg) (0x800u + (reg))

extern struct domain d;
extern struct vcpu v;
extern uint32_t requested;  /* REQUEST_* bits of every vcpu_request */
extern int ended;           /* the last vector that the I/O APIC was told of, -1: none */
extern bool mapped;         /* the APIC's page is in the guest's table */
extern uint8_t ram[64];     /* all that the guest has */
extern struct backend fake; /* without help for the APIC */

/* The guest's accesses to the xAPIC page. */
uint32_t reg_get(unsigned reg);
void reg_put(unsigned reg, uint32_t value);

void vlapic_to_x2apic(void);

/* Setup and teardown: an enabled APIC in xAPIC mode. */
int vlapic_fresh(void **state);
int vlapic_done(void **state);

#endif
