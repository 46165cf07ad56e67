/*
 * The VMX instructions, one inline function each. Those that can fail say so (SDM 3C 31.2); VMREAD
 * and VMWRITE with our constants on a current VMCS can't.
 */
#ifndef ARCH_X86_VMX_INSN_H
#define ARCH_X86_VMX_INSN_H

#include <stdbool.h>

#include "arch/x86/vmx/vmcs.h"
#include "lib/err.h"

/* INVEPT and INVVPID types (31.3). */
enum { INVEPT_SINGLE = 1, INVEPT_ALL = 2 };
enum { INVVPID_ADDRESS = 0, INVVPID_SINGLE = 1, INVVPID_ALL = 2, INVVPID_SINGLE_NOT_GLOBAL = 3 };

must_check static inline bool vmx_on(uint64_t region)
{
	bool failed;

	asm volatile("vmxon %1" : "=@ccbe"(failed) : "m"(region) : "memory");
	return !failed;
}

must_check static inline bool vmx_clear(uint64_t vmcs)
{
	bool failed;

	asm volatile("vmclear %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	return !failed;
}

must_check static inline bool vmx_load(uint64_t vmcs)
{
	bool failed;

	asm volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	return !failed;
}

static inline uint64_t vmread(enum vmcs_field field)
{
	uint64_t value;

	asm volatile("vmread %1, %0" : "=r"(value) : "r"((uint64_t)field) : "cc");
	return value;
}

static inline void vmwrite(enum vmcs_field field, uint64_t value)
{
	asm volatile("vmwrite %1, %0" : : "r"((uint64_t)field), "r"(value) : "cc");
}

must_check static inline bool vmx_invept(uint64_t type, uint64_t ept_pointer)
{
	struct {
		uint64_t pointer, zero;
	} d = { ept_pointer, 0 };
	bool failed;

	asm volatile("invept %1, %2" : "=@ccbe"(failed) : "m"(d), "r"(type) : "memory");
	return !failed;
}

must_check static inline bool vmx_invvpid(uint64_t type, uint64_t vpid, uint64_t address)
{
	struct {
		uint64_t vpid, address;
	} d = { vpid, address };
	bool failed;

	asm volatile("invvpid %1, %2" : "=@ccbe"(failed) : "m"(d), "r"(type) : "memory");
	return !failed;
}

#endif
