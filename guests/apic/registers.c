/* What registers keep of what is written, and errors (SDM 3A 11.4 to 11.6). */
#include "guests/apic/check.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define APIC_LDR  0xd0u
#define APIC_DFR  0xe0u
#define APIC_ESR  0x280u
#define LVT_LINT0 0x350u
#define LVT_ERROR 0x370u
#define VERSION   0x50014u

#define ESR_SEND_VECTOR 0x20u

static void xapic_only(void)
{
	apic_write(APIC_ID, 0x7f000000);
	check("the ID stays", apic_read(APIC_ID), 0);
	apic_write(APIC_VERSION, 1);
	check("and the version", apic_read(APIC_VERSION), VERSION);
	check("a byte of it reads", readb((volatile void *)(APIC_PAGE + APIC_VERSION + 2)), 5);
	apic_write(APIC_LDR, 0x12345678);
	check("LDR keeps eight bits", apic_read(APIC_LDR), 0x12000000);
	apic_write(APIC_DFR, 0x0abcdef0);
	check("DFR keeps four", apic_read(APIC_DFR), 0x0fffffff);
	apic_write(APIC_DFR, ~0u);
	apic_write(APIC_ICR_HIGH, 0xa5ffffff);
	check("ICR high keeps eight", apic_read(APIC_ICR_HIGH), 0xa5000000);
}

/* Bits that must be zero, a register each (SDM 3A 11.12.1.2). */
static const struct {
	uint32_t msr;
	uint64_t value;
} refused[] = {
	{ 0x808, 0x100 },      { 0x80b, 1 },       { 0x80f, BIT(12) }, { 0x828, 1 },
	{ 0x832, BIT(19) },    { 0x832, BIT(8) },  { 0x833, BIT(11) }, { 0x834, BIT(17) },
	{ 0x835, BIT(17) },    { 0x836, BIT(11) }, { 0x837, BIT(10) }, { 0x837, 1ull << 32 },
	{ 0x838, 1ull << 32 }, { 0x83e, BIT(2) },  { 0x83f, 0x100 },   { 0x830, BIT(13) },
	{ 0x830, BIT(20) },    { 0x802, 0 },       { 0x803, 0 },       { 0x80a, 0 },
	{ 0x80d, 0 },          { 0x810, 0 },       { 0x820, 0 },       { 0x839, 0 },
};

static void x2apic_only(void)
{
	uint64_t accepted = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		if (!try_wrmsr(refused[i].msr, refused[i].value))
			accepted = accepted << 16 | refused[i].msr;
	check("what must not be written faults", accepted, 0);
}

static void errors(void)
{
	notes_clear();
	apic_write(LVT_ERROR, 0x71);
	apic_write(APIC_ESR, 0);
	apic_self_ipi(5);
	irq_gap();
	check("a bad vector is an error interrupt", notes(), 0x71);
	apic_write(APIC_ESR, 0);
	check("and a bit of ESR", apic_read(APIC_ESR), ESR_SEND_VECTOR);
	apic_write(APIC_ESR, 0);
	check("once", apic_read(APIC_ESR), 0);
}

static void disabled_by_software(void)
{
	notes_clear();
	apic_write(APIC_SVR, APIC_SPURIOUS_VECTOR);
	check("without SVR's bit 8 LVTs are masked", apic_read(LVT_ERROR), 0x10071);
	apic_self_ipi(0x41);
	apic_write(APIC_SVR, BIT(8) | APIC_SPURIOUS_VECTOR);
	irq_gap();
	check("and nothing is accepted", notes(), 0);
}

void register_cases(void)
{
	check("version", apic_read(APIC_VERSION), VERSION);
	apic_write(LVT_LINT0, 0x1f0ff);
	check("LINT0 has no status to write", apic_read(LVT_LINT0), 0x1a0ff);
	apic_write(APIC_TIMER_DIVIDE, 0x3);
	check("divider", apic_read(APIC_TIMER_DIVIDE), 0x3);
	if (!apic_is_x2apic())
		xapic_only();
	else
		x2apic_only();
	errors();
	disabled_by_software();
	apic_eoi();
	check("an EOI without an interrupt does nothing", apic_read(APIC_ISR), 0);
}
