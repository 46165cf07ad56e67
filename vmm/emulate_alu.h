/*
 * Arithmetic as the CPU does it, with its flags. Pure: tested on the host against the CPU itself.
 */
#ifndef VMM_EMULATE_ALU_H
#define VMM_EMULATE_ALU_H

#include <stdint.h>

#include "vmm/decode.h"

/* The result of INSN_ADD..INSN_BTC for operands of 1, 2, 4 or 8 bytes; *rflags gets the status
   flags. CMP and TEST return dst. BT and its kin take the bit number modulo the operand size. */
uint64_t emulate_alu(enum insn_op op, uint64_t dst, uint64_t src, unsigned bytes, uint64_t *rflags);

#endif
