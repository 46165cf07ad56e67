/*
 * MSRs as guests see them: an allow-list (msr.def) of registers that are open, held by the
 * backend, constant, or emulated. Any other one is #GP, logged once for each domain and register.
 */
#ifndef VMM_MSR_H
#define VMM_MSR_H

#include "vmm/exit.h"
#include "vmm/vcpu.h"

/* Boot CPU, after backend->init: opens what the table opens. */
void msr_open_all(void);

/* Boot only: takes a page for the registers that live here, sets v->msrs; resets. */
void msr_init(struct vcpu *v);
/* Owner's CPU: the values after reset, KVM's pages unregistered. Not those that backend holds. */
void msr_reset(struct vcpu *v);

enum verdict msr_rdmsr_exit(struct vcpu *v, struct vm_exit *e);
enum verdict msr_wrmsr_exit(struct vcpu *v, struct vm_exit *e);

/* The same without the exit; false: #GP. Owner. */
bool msr_guest_read(struct vcpu *v, uint32_t index, uint64_t *value);
bool msr_guest_write(struct vcpu *v, uint32_t index, uint64_t value);

#endif
