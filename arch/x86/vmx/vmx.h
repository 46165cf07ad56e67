/*
 * Intel VT-x: the backend for CPUs with VMX. Chosen by boot/.
 */
#ifndef ARCH_X86_VMX_VMX_H
#define ARCH_X86_VMX_VMX_H

#include "vmm/backend.h"

extern const struct backend vmx_backend;

#endif
