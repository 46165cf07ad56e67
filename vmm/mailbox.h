/*
 * How CPUs reach each other's vCPUs: request bits (vcpu_request, vmm/vcpu.h), and one mailbox a
 * physical CPU with the vCPUs that have some. The owner takes its mail at the head of its loop,
 * while no guest runs there.
 */
#ifndef VMM_MAILBOX_H
#define VMM_MAILBOX_H

#include "vmm/vcpu.h"

/* This CPU, from its loop: serves every request that has come, oldest vCPU first. */
void mailbox_drain(void);

/* After vcpu_request: until another CPU has served REQUEST_OFF or REQUEST_FLUSH of its vCPU. This
   CPU serves those two of its own vCPUs meanwhile, the one whose exit it handles included. No lock
   is held that the other CPU might take. */
void mailbox_wait(const struct vcpu *v, uint32_t requests);

#endif
