/* The local APIC of this vCPU: one register file with two ways in (SDM 3A chapter 10, APM 2 16). */
#include "guests/lib/apic.h"

#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/time.h"
#include "lib/bits.h"

#define MSR_APIC_BASE    0x1bu
#define APIC_BASE_EXTD   BIT(10)
#define APIC_BASE_EN     BIT(11)
#define MSR_X2APIC       0x800u
#define SVR_ENABLE       BIT(8)
#define LVT_MASKED       BIT(16)
#define TIMER_DIVIDE_1   0xbu
#define ICR_SHORT_SELF   (1u << 18)
#define ICR_LEVEL_ASSERT BIT(14)

#define LVT_LINT0 0x350u
#define LVT_ERROR 0x370u

static bool x2;

void apic_init(bool x2apic)
{
	uint64_t old = rdmsr(MSR_APIC_BASE);
	uint64_t base = old & ~(APIC_BASE_EXTD | APIC_BASE_EN);

	if (!x2apic && (old & APIC_BASE_EXTD))
		wrmsr(MSR_APIC_BASE, base);
	if (!x2apic || !(old & APIC_BASE_EXTD))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN);
	if (x2apic)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN | APIC_BASE_EXTD);
	x2 = x2apic;
	apic_write(APIC_SVR, SVR_ENABLE | APIC_SPURIOUS_VECTOR);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	for (unsigned reg = LVT_LINT0; reg <= LVT_ERROR; reg += 0x10)
		apic_write(reg, LVT_MASKED);
}

bool apic_is_x2apic(void)
{
	return x2;
}

uint32_t apic_read(unsigned reg)
{
	if (x2)
		return (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
	return readl((const volatile void *)(APIC_PAGE + reg));
}

void apic_write(unsigned reg, uint32_t value)
{
	if (x2)
		wrmsr(MSR_X2APIC + reg / 16, value);
	else
		writel((volatile void *)(APIC_PAGE + reg), value);
}

uint32_t apic_id(void)
{
	return x2 ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_self_ipi(unsigned vector)
{
	apic_write(APIC_ICR, ICR_SHORT_SELF | (uint32_t)ICR_LEVEL_ASSERT | vector);
}

void apic_send(uint32_t id, uint32_t icr)
{
	if (x2) {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (uint64_t)id << 32 | icr);
	} else {
		apic_write(APIC_ICR_HIGH, id << 24);
		apic_write(APIC_ICR, icr);
	}
}

void apic_timer_oneshot(unsigned vector, uint64_t ns)
{
	uint64_t ticks = ns / NS_PER_US * boot->apic_khz / 1000;

	apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_1);
	apic_write(APIC_LVT_TIMER, vector);
	apic_write(APIC_TIMER_INITIAL, (uint32_t)(ns ? MAX(MIN(ticks, 0xffffffffull), 1ull) : 0));
}
