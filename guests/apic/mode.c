/* The APIC off, in another place, in x2APIC mode (SDM 3A 11.4.3, 11.4.4, 11.12.5). */
#include "guests/apic/check.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define MSR_APIC_BASE    0x1bu
#define MSR_X2_VERSION   0x803u
#define APIC_BASE_ENABLE BIT(11)
#define ELSEWHERE        0xfed00000ul
#define NOTHING          0xffffffffu
#define VERSION          0x50014u
#define SELF             0x40000u

static uint32_t at(uint64_t page, unsigned reg)
{
	return readl((volatile void *)(page + reg));
}

/* The handler's EOI would go to the usual place, where nothing is: it stays in service. */
static void elsewhere(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	notes_clear();
	wrmsr(MSR_APIC_BASE, (base & 0xfff) | ELSEWHERE);
	check("elsewhere: its registers", at(ELSEWHERE, APIC_VERSION), VERSION);
	check("elsewhere: nothing where it was", at(APIC_PAGE, APIC_VERSION), NOTHING);
	writel((volatile void *)(ELSEWHERE + APIC_ICR), SELF | 0x41);
	irq_gap();
	check("elsewhere: an interrupt", notes(), 0x41);
	check("elsewhere: in service", at(ELSEWHERE, APIC_ISR + 2 * 16), 1 << 1);
	apic_write(APIC_ICR, SELF | 0x61);
	wrmsr(MSR_APIC_BASE, base);
	check("back: still in service", apic_read(APIC_ISR + 2 * 16), 1 << 1);
	apic_self_ipi(0x42);
	irq_gap();
	check("back: the same class waits", notes(), 0x41);
	apic_eoi();
	irq_gap();
	check("back: its EOI lets it in", notes(), 0x4142);
}

static void off(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	wrmsr(MSR_APIC_BASE, base & ~APIC_BASE_ENABLE);
	check("off: nothing is there", at(APIC_PAGE, APIC_VERSION), NOTHING);
	wrmsr(MSR_APIC_BASE, base);
	check("on: after a reset", at(APIC_PAGE, APIC_SVR), 0xff);
}

/* A request made in one mode is delivered in the other. */
static void to_x2apic(void)
{
	uint64_t version = 0;

	check("x2APIC's MSRs fault before", try_rdmsr(MSR_X2_VERSION, &version) != 0, 1);
	notes_clear();
	apic_self_ipi(0x44);
	apic_init(true);
	irq_gap();
	check("a request outlives the change", notes(), 0x44);
	check("the page is gone", at(APIC_PAGE, APIC_VERSION), NOTHING);
	check("and the MSRs are there", rdmsr(MSR_X2_VERSION), VERSION);
	apic_init(false);
	check("and gone again", try_rdmsr(MSR_X2_VERSION, &version) != 0, 1);
	apic_self_ipi(0x48);
	irq_gap();
	check("back in the page", notes(), 0x4448);
}

void mode_cases(void)
{
	apic_init(false);
	elsewhere();
	off();
	apic_init(false);
	to_x2apic();
}
