/*
 * Bringing a domain up, a turn at a time, so that the work takes the domain's own time slices.
 */
#ifndef VMM_LAUNCH_H
#define VMM_LAUNCH_H

#include "vmm/domain.h"
#include "vmm/start.h"

/* Boot: the config and the preloaded images, which stay valid. */
void launch_init(const struct config *config, const struct start_info *info);

/* One turn of a domain that is being started (d->starting), in place of running it: scrubs a few
   MiB, or loads the image and makes the vCPU enter it. Owner CPU. */
void launch_turn(struct domain *d);

#endif
