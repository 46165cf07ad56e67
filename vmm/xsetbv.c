/*
 * XSETBV (SDM 2C, SDM 1 13.3): only XCR0, only states that the hypervisor switches, only the
 * combinations that the CPU would take.
 */
#include "vmm/xsetbv.h"

#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/regs.h"
#include "vmm/backend.h"

static bool xcr0_is_valid(uint64_t value)
{
	uint64_t avx512 = value & XCR0_AVX512;

	if (value & ~fpu_xcr0_mask() || !(value & XCR0_X87))
		return false;
	if (value & XCR0_AVX && !(value & XCR0_SSE))
		return false;
	return !avx512 || (avx512 == XCR0_AVX512 && value & XCR0_AVX);
}

enum verdict xsetbv_exit(struct vcpu *v, struct vm_exit *e)
{
	uint64_t value = vcpu_edx_eax(v);
	struct vcpu_mode mode;

	backend->get_mode(v, &mode);
	if (mode.cpl || (uint32_t)v->regs.gpr[GPR_RCX] || !xcr0_is_valid(value)) {
		vcpu_inject_gp(v);
		return VERDICT_RETRY;
	}
	v->xcr0 = value;
	insn_xsetbv(0, value);
	return VERDICT_DONE;
}
