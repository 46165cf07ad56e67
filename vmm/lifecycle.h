/*
 * Starting, stopping and restarting domains. Everything happens on the CPU that owns the domain's
 * first vCPU, so it needs no lock: other CPUs leave orders (domain_control).
 */
#ifndef VMM_LIFECYCLE_H
#define VMM_LIFECYCLE_H

#include "vmm/domain.h"
#include "vmm/start.h"

/* Boot: the preloaded images, for this and every later start. */
void lifecycle_init(const struct config *config, const struct start_info *info);

/* Carries out d->orders. Owner CPU, from the scheduler. */
void lifecycle_orders(struct domain *d);

/* One turn of a domain that is being started: scrubs a few MiB, or loads the image and makes the
   vCPU enter it. Called in place of running the guest, so that the work takes its own time slice.
 */
void lifecycle_load(struct domain *d);

/* The domain must call again within so many milliseconds or is stopped as hung; 0: no longer. */
must_check enum err lifecycle_watchdog(struct domain *d, uint64_t ms);

/* Logs the orderly end of everything, and ends the machine. */
NORETURN void system_power_off(void);
NORETURN void system_reboot(void);

#endif
