/*
 * A guest's writes to its debug registers.
 */
#ifndef VMM_DEBUG_H
#define VMM_DEBUG_H

#include "vmm/exit.h"
#include "vmm/vcpu.h"

/* EXIT_WRITE_DR: MOV to DR0..7; the CPU has checked DR7.GD. */
enum verdict debug_write_exit(struct vcpu *v, struct vm_exit *e);

#endif
