/*
 * The local APIC. A register has one offset; with x2APIC it is an MSR, else a word in memory. Only
 * the interrupt command register differs beyond that (64 bits in one MSR, two words in memory).
 */
#include "arch/x86/cpu/lapic.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/irq.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/tsc.h"

#define REG_ID            0x020
#define REG_TPR           0x080
#define REG_EOI           0x0b0
#define REG_SVR           0x0f0
#define REG_ESR           0x280
#define REG_LVT_CMCI      0x2f0
#define REG_ICR           0x300
#define REG_ICR_HIGH      0x310
#define REG_LVT_TIMER     0x320
#define REG_LVT_THERMAL   0x330
#define REG_LVT_PERF      0x340
#define REG_LVT_LINT0     0x350
#define REG_LVT_LINT1     0x360
#define REG_LVT_ERROR     0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE  0x3e0

#define SVR_ENABLE        BIT(8)
#define LVT_MASKED        BIT(16)
#define LVT_NMI           (4u << 8)
#define LVT_TSC_DEADLINE  (2u << 17)
#define TIMER_DIVIDE_BY_1 0xbu
#define ICR_FIXED         (0u << 8)
#define ICR_NMI           (4u << 8)
#define ICR_INIT          (5u << 8)
#define ICR_STARTUP       (6u << 8)
#define ICR_BUSY          BIT(12)
#define ICR_ASSERT        BIT(14)
#define ICR_ALL_BUT_SELF  (3u << 18)
#define ICR_BUSY_SPINS    100000

static volatile uint32_t *registers RO_AFTER_INIT; /* xAPIC only */
static bool x2apic RO_AFTER_INIT;
static uint64_t timer_scale RO_AFTER_INIT; /* one-shot ticks = TSC ticks * scale >> 32 */

static uint32_t reg_read(unsigned reg)
{
	return x2apic ? (uint32_t)msr_read(MSR_X2APIC + reg / 16) : registers[reg / 4];
}

static void reg_write(unsigned reg, uint32_t v)
{
	if (x2apic)
		msr_write(MSR_X2APIC + reg / 16, v);
	else
		registers[reg / 4] = v;
}

hpa_t lapic_base(void)
{
	return hpa(msr_read(MSR_APIC_BASE) & APIC_BASE_ADDRESS);
}

bool lapic_uses_x2apic(void)
{
	return cpu_has(CPU_X2APIC);
}

static void mask_local_lines(void)
{
	reg_write(REG_LVT_TIMER, LVT_MASKED);
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_NMI);
	reg_write(REG_LVT_PERF, LVT_MASKED);
	reg_write(REG_LVT_THERMAL, LVT_MASKED);
	reg_write(REG_LVT_ERROR, IRQ_VECTOR_ERROR);
}

static void handle_error(void *arg)
{
	reg_write(REG_ESR, 0);
}

void lapic_init(volatile void *mapped)
{
	uint64_t base = msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	registers = mapped;
	x2apic = lapic_uses_x2apic();
	/* Off to x2APIC takes two steps: the direct one is reserved (SDM 3A 11.12.5). */
	msr_write(MSR_APIC_BASE, base);
	if (x2apic)
		msr_write(MSR_APIC_BASE, base | APIC_BASE_X2APIC);

	irq_set_handler(IRQ_VECTOR_ERROR, handle_error, NULL);
	reg_write(REG_SVR, SVR_ENABLE | IRQ_VECTOR_SPURIOUS);
	reg_write(REG_TPR, 0);
	mask_local_lines();
	reg_write(REG_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	if (cpu_has(CPU_TSC_DEADLINE))
		reg_write(REG_LVT_TIMER, LVT_TSC_DEADLINE | IRQ_VECTOR_TIMER);
	else
		reg_write(REG_LVT_TIMER, IRQ_VECTOR_TIMER);
	insn_mfence(); /* xAPIC: LVT before the first deadline (SDM 3A 11.5.4.1) */
}

uint32_t lapic_id(void)
{
	return x2apic ? reg_read(REG_ID) : reg_read(REG_ID) >> 24;
}

void lapic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

void lapic_look_again(void)
{
	if (!x2apic)
		reg_write(REG_TPR, 0);
}

static void icr_send(uint32_t apic_id, uint32_t command)
{
	if (x2apic) {
		/* This WRMSR does not order earlier stores (SDM 3A 11.12.3). */
		insn_mfence();
		insn_lfence();
		msr_write(MSR_X2APIC + REG_ICR / 16, (uint64_t)apic_id << 32 | command);
		return;
	}
	for (int i = 0; i < ICR_BUSY_SPINS && reg_read(REG_ICR) & ICR_BUSY; i++)
		insn_pause();
	reg_write(REG_ICR_HIGH, apic_id << 24);
	reg_write(REG_ICR, command);
}

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
	icr_send(apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void lapic_nmi_others(void)
{
	icr_send(0, ICR_NMI | ICR_ASSERT | ICR_ALL_BUT_SELF);
}

void lapic_init_ipi(uint32_t apic_id)
{
	icr_send(apic_id, ICR_INIT | ICR_ASSERT);
}

void lapic_startup_ipi(uint32_t apic_id, hpa_t page)
{
	icr_send(apic_id, ICR_STARTUP | ICR_ASSERT | (uint32_t)(page.v >> PAGE_SHIFT));
}

static void one_shot_arm(uint64_t deadline)
{
	uint64_t now = tsc_read(), ticks = 1;

	if (deadline == LAPIC_TIMER_OFF) {
		reg_write(REG_TIMER_INITIAL, 0);
		return;
	}
	if (deadline > now)
		ticks = (uint64_t)((unsigned __int128)(deadline - now) * timer_scale >> 32) + 1;
	reg_write(REG_TIMER_INITIAL, (uint32_t)MIN(ticks, UINT32_MAX));
}

void lapic_timer_arm(uint64_t deadline)
{
	if (!cpu_has(CPU_TSC_DEADLINE))
		one_shot_arm(deadline);
	else
		msr_write(MSR_TSC_DEADLINE, deadline == LAPIC_TIMER_OFF ? 0 : MAX(deadline, 1));
}

static uint64_t timer_elapsed(void)
{
	return UINT32_MAX - reg_read(REG_TIMER_CURRENT);
}

void lapic_timer_init(void)
{
	uint64_t hz;

	if (cpu_has(CPU_TSC_DEADLINE))
		return;
	reg_write(REG_TIMER_INITIAL, UINT32_MAX);
	hz = tsc_measure_hz(timer_elapsed);
	reg_write(REG_TIMER_INITIAL, 0);
	timer_scale = (hz << 32) / (tsc_khz() * 1000ull);
}
