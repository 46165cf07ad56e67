/*
 * Saving and loading of the guests' x87, SSE and AVX state. XSAVE's standard format, because a
 * guest's own XRSTOR never sees it and every CPU with XSAVE has it.
 */
#include "arch/x86/cpu/fpu.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/regs.h"
#include "lib/string.h"

#define LEAF_XSAVE   13
#define FXSAVE_BYTES 512

/* Offsets in the legacy region (SDM 1 10.5.1). */
#define AREA_FCW      0
#define AREA_MXCSR    24
#define FCW_RESET     0x37fu
#define MXCSR_RESET   0x1f80u
/* Not PKRU: no guest is shown protection keys. */
#define XCR0_SWITCHED (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512)

static uint64_t xcr0 RO_AFTER_INIT; /* 0: no XSAVE */
static size_t area_bytes RO_AFTER_INIT_VALUE = FXSAVE_BYTES;

void fpu_init_cpu(void)
{
	uint64_t cr4 = insn_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;
	struct cpuid r;

	insn_write_cr0((insn_read_cr0() | CR0_MP) & ~(CR0_EM | CR0_TS));
	if (!cpu_has(CPU_XSAVE)) {
		insn_write_cr4(cr4);
		return;
	}
	insn_write_cr4(cr4 | CR4_OSXSAVE);
	r = insn_cpuid(LEAF_XSAVE, 0);
	/* Parts of AVX-512 alone are not a valid XCR0 (SDM 1 13.3). */
	xcr0 = ((uint64_t)r.edx << 32 | r.eax) & XCR0_SWITCHED;
	if ((xcr0 & XCR0_AVX512) != XCR0_AVX512 || !cpu_has(CPU_AVX512F))
		xcr0 &= ~XCR0_AVX512;
	insn_xsetbv(0, xcr0);
	area_bytes = insn_cpuid(LEAF_XSAVE, 0).ebx;
}

size_t fpu_area_bytes(void)
{
	return area_bytes;
}

uint64_t fpu_xcr0_mask(void)
{
	return xcr0;
}

void fpu_save(void *area)
{
	if (xcr0)
		insn_xsave(area, xcr0);
	else
		insn_fxsave(area);
}

void fpu_restore(const void *area)
{
	if (xcr0)
		insn_xrstor(area, xcr0);
	else
		insn_fxrstor(area);
}

void fpu_area_reset(void *area)
{
	const uint16_t fcw = FCW_RESET;
	const uint32_t mxcsr = MXCSR_RESET;

	/* With XSAVE an empty header (XSTATE_BV = 0) resets all but MXCSR. */
	memset(area, 0, area_bytes);
	memcpy((char *)area + AREA_FCW, &fcw, sizeof(fcw));
	memcpy((char *)area + AREA_MXCSR, &mxcsr, sizeof(mxcsr));
}
