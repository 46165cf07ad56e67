/*
 * The exit of IN, OUT, INS and OUTS: takes the instruction apart into single accesses for
 * pio_access and puts results where they belong.
 */
#ifndef VMM_PIO_STRING_H
#define VMM_PIO_STRING_H

#include "vmm/vcpu.h"

/* For EXIT_PIO, with e->insn_len known. DONE; RETRY (a fault was injected, or a repeated string has
   some way to go); BLOCK (nothing has changed: the same exit again when the answer is there); KILL.
 */
enum verdict pio_exit(struct vcpu *v, struct vm_exit *e);

#endif
