/*
 * Task switches, for CPUs that leave them to their hypervisor.
 */
#ifndef VMM_TASK_SWITCH_H
#define VMM_TASK_SWITCH_H

#include "vmm/exit.h"
#include "vmm/vcpu.h"

/* EXIT_TASK_SWITCH: JMP or CALL of a TSS or task gate, IRET with NT, or a task gate in the IDT; the
   event that went through it is in v->inject, but for an instruction's own (INT n, INT3, INTO). The
   CPU has checked privileges. Always RETRY: the guest goes on in the new task, or with a fault of
   the switch in the old or new one. */
enum verdict task_switch_exit(struct vcpu *v, struct vm_exit *e);

#endif
