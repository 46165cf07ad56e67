/*
 * Starting, stopping and restarting domains. Everything happens on the CPU that owns the domain's
 * first vCPU, so it needs no lock: other CPUs leave orders (domain_control), and what is to be done
 * to a vCPU of another CPU is done there, by request.
 */
#ifndef VMM_LIFECYCLE_H
#define VMM_LIFECYCLE_H

#include "lib/bits.h"
#include "vmm/domain.h"

/* REQUEST_ORDER: the first vCPU carries out its domain's orders, another one is paused or goes on
   as its domain does. Its CPU, from the scheduler. */
void lifecycle_orders(struct vcpu *v);

/* REQUEST_OFF: takes the vCPU off its CPU; nothing of it is asked of a back end, and no timer of
   it runs. Its CPU. */
void lifecycle_off(struct vcpu *v);

/* A domain could not be brought up: it is dead, with the reason. Owner CPU. */
void lifecycle_give_up(struct domain *d, const char *why);

/* The domain must call again within so many milliseconds or is stopped as hung; 0: no longer. Any
   CPU of its vCPUs. */
must_check enum err lifecycle_watchdog(struct domain *d, uint64_t ms);

/* Logs the orderly end of everything, and ends the machine. */
NORETURN void system_power_off(void);
NORETURN void system_reboot(void);

#endif
