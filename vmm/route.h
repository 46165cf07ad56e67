/*
 * From a VM exit to its handler, by one table.
 */
#ifndef VMM_ROUTE_H
#define VMM_ROUTE_H

#include "vmm/vcpu.h"

/* Handles an exit. Where the handler may skip the instruction and the CPU did not give its length,
   that is found out first, so that a handler acts only on an instruction that can be fetched. */
enum verdict route_exit(struct vcpu *v, struct vm_exit *e);

#endif
