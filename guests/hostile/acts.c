/*
 * One random misdeed after the other. What may fault goes through run_code, which always comes
 * back.
 */
#include "guests/hostile/hostile.h"

#include "abi/platform.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "lib/bits.h"

#define HYPERVISOR_TEXT 0xffffffff80100000ull
#define TEXT_BYTES      0x22000u

static const uint8_t code_rdmsr[] = { 0x0f, 0x32, 0x0f, 0x0b };
static const uint8_t code_wrmsr[] = { 0x0f, 0x30, 0x0f, 0x0b };
static const uint8_t code_xsetbv[] = { 0x0f, 0x01, 0xd1, 0x0f, 0x0b };

uint64_t rnd_nasty(void)
{
	uint64_t bit = BIT(rnd_below(64));

	switch (rnd_below(8)) {
	case 0: return bit;
	case 1: return bit - 1;
	case 2: return -bit;
	case 3: return boot->ram + rnd_below(boot->memory + 8192);
	case 4: return boot->cap[rnd_below(boot->caps)].handle;
	case 5: return rnd_below(256);
	case 6: return HV_GUEST_SHARED + rnd_below(0x10000);
	default: return rnd();
	}
}

/* Any port but those that end the domain. */
static void act_port(void)
{
	static const uint16_t base[] = { HV_PORT_UART, HV_PORT_PCI, HV_PORT_BUTTON, HV_GUEST_IO };
	uint16_t port = rnd_below(2) ? base[rnd_below(ARRAY_SIZE(base))] + rnd_below(8) : rnd();

	if (port - HV_PORT_SLEEP + 3u < 6)
		return;
	switch (rnd_below(6)) {
	case 0: outb(port, rnd()); break;
	case 1: outw(port, rnd()); break;
	case 2: outl(port, rnd()); break;
	case 3: inb(port); break;
	case 4: inw(port); break;
	default: inl(port); break;
	}
}

static uint32_t wild_msr(void)
{
	static const uint32_t base[] = { 0x0,        0x10,       0x1b,       0x174, 0x1d9,
					 0x200,      0x250,      0x277,      0x2ff, 0x6e0,
					 0x800,      0x830,      0x83f,      0x12,  0x4b564d00,
					 0xc0000080, 0xc0000081, 0xc0000100, 0xda0, 0x8b,
					 0xc0010117, 0xc0010114, 0xc0011020 };

	return rnd_below(8) ? base[rnd_below(ARRAY_SIZE(base))] + rnd_below(4) : rnd();
}

static void act_msr(void)
{
	uint64_t value = rnd_nasty();
	uint64_t regs[16] = { (uint32_t)value, wild_msr(), value >> 32 };

	run_code(rnd_below(2) ? code_rdmsr : code_wrmsr, regs, 2);
}

static void act_cpuid(void)
{
	static const uint32_t base[] = { 0, 0x40000000, 0x40000100, 0x80000000, 0xffffff00 };

	cpuid(base[rnd_below(ARRAY_SIZE(base))] + rnd_below(64), rnd_nasty());
}

/* Breakpoints on the hypervisor's own code. */
static void act_debug(void)
{
	asm volatile("mov %0, %%dr0" : : "r"(HYPERVISOR_TEXT + rnd_below(TEXT_BYTES)));
	asm volatile("mov %0, %%dr1" : : "r"(HYPERVISOR_TEXT + rnd_below(TEXT_BYTES)));
	asm volatile("mov %0, %%dr2" : : "r"(HYPERVISOR_TEXT + rnd_below(TEXT_BYTES)));
	asm volatile("mov %0, %%dr3" : : "r"(rnd_nasty()));
	asm volatile("mov %0, %%dr7" : : "r"(0x3ffull | (rnd() & rnd() & 0xf0000000)));
}

static void act_xsetbv(void)
{
	uint64_t regs[16] = { rnd_below(2) ? rnd() & 0x3ff : rnd_nasty(), rnd_below(8) == 0, 0 };

	run_code(code_xsetbv, regs, 2);
}

static void act_interrupt(void)
{
	irq_enable();
	cpu_relax();
	irq_disable();
}

bool is_quiet;

/* How often each comes. What may kill this guest is rare: a start costs more than a misdeed. */
static const struct {
	void (*act)(void);
	unsigned weight;
} acts[] = { { act_port, 20 }, { act_msr, 20 },    { act_cpuid, 20 },  { act_call, 40 },
	     { act_code, 60 }, { act_debug, 10 },  { act_xsetbv, 10 }, { act_interrupt, 10 },
	     { act_batch, 5 }, { act_control, 4 }, { act_config, 20 }, { act_register, 20 },
	     { act_ring, 10 }, { act_flood, 2 },   { act_storm, 4 } };

void act(void)
{
	unsigned all = 0, n;

	/* A storm comes last. */
	for (unsigned i = 0; i < ARRAY_SIZE(acts) - is_quiet; i++)
		all += acts[i].weight;
	n = (unsigned)rnd_below(all);
	for (unsigned i = 0; i < ARRAY_SIZE(acts); i++) {
		if (n < acts[i].weight) {
			acts[i].act();
			return;
		}
		n -= acts[i].weight;
	}
}
