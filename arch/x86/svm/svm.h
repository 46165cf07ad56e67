/*
 * AMD-V as a backend (vmm/backend.h). boot/ chooses it where CPUID shows SVM.
 */
#ifndef ARCH_X86_SVM_SVM_H
#define ARCH_X86_SVM_SVM_H

#include "vmm/backend.h"

extern const struct backend svm_backend;

#endif
