/*
 * XSETBV of a guest: the hypervisor checks the value and loads it.
 */
#ifndef VMM_XSETBV_H
#define VMM_XSETBV_H

#include "vmm/exit.h"
#include "vmm/vcpu.h"

enum verdict xsetbv_exit(struct vcpu *v, struct vm_exit *e);

#endif
