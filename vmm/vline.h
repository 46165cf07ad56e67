/*
 * The lines of a guest as its back ends drive them.
 */
#ifndef VMM_VLINE_H
#define VMM_VLINE_H

#include <stdbool.h>

#include "vmm/domain.h"

/* True if an edge on this line would be one with the last, whose interrupt still waits for the
   guest, at every controller that passes the line on. Any CPU; what it says may be over by then. */
bool vline_waits(const struct domain *d, unsigned line);

#endif
