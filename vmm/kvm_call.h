/*
 * KVM's hypercalls, whose numbers lie below HV_CALL_BASE: for stock guests with several vCPUs.
 */
#ifndef VMM_KVM_CALL_H
#define VMM_KVM_CALL_H

#include "vmm/exit.h"

struct vcpu;

/* The call in v's registers, made at that CPL. *result goes to rax. Owner. */
enum verdict kvm_call(struct vcpu *v, uint8_t cpl, int64_t *result);

#endif
