/*
 * The watchdogs of domains.
 */
#ifndef VMM_WATCHDOG_H
#define VMM_WATCHDOG_H

#include "vmm/domain.h"

/* Bit of domain->orders beside those of enum hv_domain_op: watchdog_ms was set by a vCPU of another
   CPU. */
#define WATCHDOG_ORDER (1u << 31)

/* The domain must ask again within so many milliseconds or is stopped as hung; 0: no longer. Any
   CPU of its vCPUs. Errors: RANGE. */
must_check enum err watchdog_ask(struct domain *d, uint64_t ms);

/* It has asked: the time begins anew. Owner CPU. */
void watchdog_feed(struct domain *d);

#endif
