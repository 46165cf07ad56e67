/*
 * Hypercalls: one function for each line of abi/hypercall.def, found by a table that the same
 * lines make. A handler checks its handles and addresses itself; ring and number were checked.
 */
#ifndef VMM_HYPERCALL_H
#define VMM_HYPERCALL_H

#include "abi/hypercall.h"
#include "vmm/exit.h"

struct vcpu;

/* Verdict DONE: *result goes to rax and the instruction is skipped. BLOCK: the call is made again,
   with the same arguments, when the vCPU has been woken. KILL: no return. */
typedef enum verdict hypercall_fn(struct vcpu *v, const uint64_t arg[5], int64_t *result);

#define HV_CALL(number, NAME, name, args) hypercall_fn hc_##name;
#include "abi/hypercall.def"
#undef HV_CALL

/* The handler and name of a call; NULL if there is no such number. */
hypercall_fn *hypercall_find(uint64_t call);

/* The exit: VMCALL or VMMCALL. */
enum verdict hypercall_exit(struct vcpu *v, struct vm_exit *e);

#endif
