/*
 * How domains end, and the machine. domain_kill and domain_power (domain.h) are here, too. All but
 * those two are the owner CPU's.
 */
#ifndef VMM_ENDING_H
#define VMM_ENDING_H

#include "lib/bits.h"
#include "vmm/domain.h"

/* REQUEST_OFF: takes the vCPU off its CPU; nothing of it is asked of a back end, and no timer of
   it runs. Its CPU. */
void ending_off(struct vcpu *v);

/* Takes the domain off its CPUs; afterwards it touches nothing, no word that its vCPUs have sent to
   each other is left, and its back ends know. */
void ending_halt(struct domain *d, enum hv_domain_state state);

/* Takes up what a vCPU on another CPU has told: that it has ended the domain. */
void ending_hear(struct domain *d);

/* It could not be brought up: it is dead, with the reason. */
void ending_give_up(struct domain *d, const char *why);

/* By order: a domain that waits for its restart no longer does (d->pausing). */
void ending_end_pause(struct domain *d);

/* The machine ends with its last guest. A live service domain that may do so ends it itself, when
   it has written out what the consoles hold. */
void ending_check(void);

/* Logs the orderly end of everything, and ends the machine. */
NORETURN void system_power_off(void);
NORETURN void system_reboot(void);

#endif
