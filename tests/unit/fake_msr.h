/*
 * Stands in for arch/x86/cpu/msr.h (compiled with `-include`): the test provides the registers.
 */
#ifndef ARCH_X86_CPU_MSR_H
#define ARCH_X86_CPU_MSR_H

#include <stdbool.h>
#include <stdint.h>

#define MSR_MCG_CAP    0x179u
#define MSR_MCG_STATUS 0x17au
#define MSR_MC_STATUS  0x401u
#define MSR_MC_ADDRESS 0x402u

bool msr_read_safe(uint32_t index, uint64_t *value);
void msr_write(uint32_t index, uint64_t value);

#endif
