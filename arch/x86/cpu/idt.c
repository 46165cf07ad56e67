/*
 * The interrupt descriptor table: 256 interrupt gates to the stubs of trap.asm.
 */
#include "arch/x86/cpu/idt.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/regs.h"

#define GATE_INTERRUPT 0x8e00u /* present, DPL 0, 64-bit interrupt gate */

struct gate {
	uint16_t offset_low, selector, flags, offset_mid;
	uint32_t offset_high, reserved;
};

static_assert(sizeof(struct gate) == 16, "APM 2 4.8.4");

extern const uint64_t trap_stubs[256]; /* trap.asm: addresses */

static struct gate idt[256] RO_AFTER_INIT ALIGNED(16);

static unsigned ist_of(unsigned vector)
{
	switch (vector) {
	case VECTOR_DF: return CPU_IST_DF;
	case VECTOR_NMI: return CPU_IST_NMI;
	case VECTOR_MC: return CPU_IST_MC;
	default: return 0;
	}
}

void idt_init(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t stub = trap_stubs[i];

		idt[i] = (struct gate){ .offset_low = (uint16_t)stub,
					.selector = SELECTOR_CODE,
					.flags = (uint16_t)(GATE_INTERRUPT | ist_of(i)),
					.offset_mid = (uint16_t)(stub >> 16),
					.offset_high = (uint32_t)(stub >> 32) };
	}
}

void idt_load(void)
{
	struct table_pointer p = { sizeof(idt) - 1, (uint64_t)idt };

	insn_lidt(&p);
}
