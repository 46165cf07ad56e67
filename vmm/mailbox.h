/*
 * How CPUs reach each other's vCPUs: request bits (vcpu_request, vmm/vcpu.h), and one mailbox a
 * physical CPU with the vCPUs that have some. The owner takes its mail at the head of its loop,
 * while no guest runs there.
 */
#ifndef VMM_MAILBOX_H
#define VMM_MAILBOX_H

/* This CPU, from its loop: serves every request that has come, oldest vCPU first. */
void mailbox_drain(void);

#endif
