/*
 * A VMCS in plain memory, for tests of arch/x86/vmx/: compiled with `-include` of this file, which
 * stands in for arch/x86/vmx/insn.h. One VMCS is always current.
 */
#ifndef ARCH_X86_VMX_INSN_H
#define ARCH_X86_VMX_INSN_H

#include <stdbool.h>

#include "arch/x86/vmx/vmcs.h"

uint64_t vmread(enum vmcs_field field);
void vmwrite(enum vmcs_field field, uint64_t value);

/* All fields 0. */
void fake_vmcs_clear(void);

#endif
