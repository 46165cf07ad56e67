/*
 * The one place of the hypervisor that works with a vector register. It runs with interrupts off,
 * and no handler of exceptions or NMIs uses one. CR0.TS is never set, CR4.OSXSAVE always where
 * there is an XCR0 (fpu_init_cpu).
 */
#include "arch/x86/cpu/wide.h"

#include <stdint.h>

#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/regs.h"
#include "lib/string.h"

#define WIDE_BLOCK 2048 /* wide.asm's BLOCK */

void wide_blocks(void *to, const void *from, size_t bytes);

void wide_put(void *to, const void *from, size_t bytes)
{
	uint64_t mask = fpu_xcr0_mask(), was;
	size_t done = mask & XCR0_AVX512 ? align_down(bytes, WIDE_BLOCK) : 0;

	if (done) {
		was = insn_xgetbv(0);
		if (was != mask)
			insn_xsetbv(0, mask);
		wide_blocks(to, from, done);
		if (was != mask)
			insn_xsetbv(0, was);
	}
	if (from)
		memcpy((char *)to + done, (const char *)from + done, bytes - done);
	else
		memset((char *)to + done, 0, bytes - done);
}
