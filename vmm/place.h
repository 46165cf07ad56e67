/*
 * Which physical CPU each vCPU belongs to, settled once for the whole config: slots of the cyclic
 * table and CPUs that are named come first, then domains that want CPUs for themselves. The others
 * are spread: a domain's vCPUs over CPUs that it does not use yet, away from service domains where
 * that leaves one, to where the fewest vCPUs are. Pure: tested on the host.
 */
#ifndef VMM_PLACE_H
#define VMM_PLACE_H

#include <stdint.h>

#include "vmm/config.h"

/* Boot: for a config that config_check has passed, on `cpus` CPUs. Returns a bit for each domain
   that wants CPUs for itself and must share, as there are too few. */
uint32_t place_build(const struct config *c, unsigned cpus);
/* After place_build. */
unsigned place_of(unsigned domain, unsigned vcpu);

#endif
