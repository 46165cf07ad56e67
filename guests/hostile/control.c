/*
 * Control registers and EFER with one or two bits turned, now and then any value at all. What the
 * processor takes is put back afterwards; where that comes too late (no page tables any more), the
 * domain dies of it and is started again.
 */
#include "guests/hostile/hostile.h"

#include "guests/lib/insn.h"
#include "lib/bits.h"

#define MSR_EFER 0xc0000080u
#define WILD     32u /* one value in so many is any */

static const uint8_t code_cr0[] = { 0x0f, 0x22, 0xc0, 0x0f, 0x0b };
static const uint8_t code_cr3[] = { 0x0f, 0x22, 0xd8, 0x0f, 0x0b };
static const uint8_t code_cr4[] = { 0x0f, 0x22, 0xe0, 0x0f, 0x0b };
static const uint8_t code_cr8[] = { 0x44, 0x0f, 0x22, 0xc0, 0x0f, 0x0b };
static const uint8_t code_efer[] = { 0x0f, 0x30, 0x0f, 0x0b };

static uint64_t cr0, cr3, cr4, efer;

void control_init(void)
{
	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	cr3 = read_cr3();
	efer = rdmsr(MSR_EFER);
}

static uint64_t turned(uint64_t value)
{
	if (rnd_below(WILD) == 0)
		return rnd_nasty();
	value ^= BIT(rnd_below(32));
	return rnd_below(2) ? value ^ BIT(rnd_below(24)) : value;
}

static void put(const uint8_t *code, uint64_t value)
{
	uint64_t regs[16] = { value };

	if (code == code_efer) {
		regs[0] = (uint32_t)value;
		regs[1] = MSR_EFER;
		regs[2] = value >> 32;
	}
	run_code(code, regs, 2);
}

void act_control(void)
{
	switch (rnd_below(5)) {
	case 0:
		put(code_cr0, turned(cr0));
		put(code_cr0, cr0);
		break;
	case 1:
		put(code_cr3, rnd_below(WILD) ? cr3 ^ (rnd() & MASK(4, 3)) : rnd_nasty());
		put(code_cr3, cr3);
		break;
	case 2:
		put(code_cr4, turned(cr4));
		put(code_cr4, cr4);
		break;
	case 3:
		put(code_cr8, rnd_below(4) ? rnd_below(16) : rnd_nasty());
		put(code_cr8, 0);
		break;
	default:
		put(code_efer, turned(efer));
		put(code_efer, efer);
		break;
	}
}
