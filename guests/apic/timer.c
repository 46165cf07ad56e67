/* The timer's three modes, and how it ends a HLT (SDM 3A 11.5.4). */
#include "guests/apic/check.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "lib/bits.h"

#define CPUID_DEADLINE   BIT(24) /* leaf 1 ecx */
#define MSR_TSC_DEADLINE 0x6e0u
#define LVT_PERIODIC     BIT(17)
#define LVT_DEADLINE     BIT(18)
#define LVT_MASKED       BIT(16)
#define REQUEST_45       (APIC_IRR + 0x45 / 32 * 16)

static void oneshot(void)
{
	notes_clear();
	apic_timer_oneshot(0x45, NS_PER_SEC);
	check("the count goes down", apic_read(APIC_TIMER_CURRENT) > 0, 1);
	apic_timer_oneshot(0x45, NS_PER_MS);
	irq_wait();
	check("a one-shot ends a HLT", notes(), 0x45);
	check("and is over", apic_read(APIC_TIMER_CURRENT), 0);
}

static void periodic(void)
{
	notes_clear();
	apic_write(APIC_LVT_TIMER, LVT_PERIODIC | 0x46);
	apic_write(APIC_TIMER_INITIAL, NS_PER_MS);
	for (unsigned i = 0; i < 3; i++)
		irq_wait();
	apic_write(APIC_TIMER_INITIAL, 0);
	irq_gap(); /* one may have come since */
	check("a periodic one goes on", notes() & 0xffffff, 0x464646);
}

static void deadline(void)
{
	notes_clear();
	if (!(cpuid(1, 0).ecx & CPUID_DEADLINE))
		return;
	apic_write(APIC_LVT_TIMER, LVT_DEADLINE | 0x47);
	apic_write(APIC_TIMER_INITIAL, 5);
	check("with deadlines there is no count", apic_read(APIC_TIMER_INITIAL), 0);
	wrmsr(MSR_TSC_DEADLINE, time_after(NS_PER_MS));
	irq_wait();
	check("a deadline ends a HLT", notes(), 0x47);
	check("and reads 0 then", rdmsr(MSR_TSC_DEADLINE), 0);
}

/* The host's own interrupt for the timer comes while a request waits for IF, and without an exit of
   the guest's. A host that emulates may bring it late. */
static void held_back(void)
{
	uint64_t end = time_after(3 * NS_PER_MS), late = time_after(NS_PER_SEC);

	irq_gap();
	notes_clear();
	apic_timer_oneshot(0x45, NS_PER_MS);
	apic_self_ipi(0x41);
	while (rdtsc() < end || (!(apic_read(REQUEST_45) & BIT(0x45 % 32)) && rdtsc() < late))
		;
	check("IF holds back, whatever the host does", notes(), 0);
	irq_gap();
	check("and then lets both in", notes(), 0x4541);
}

#define SLOW_ONES 4u

static unsigned taken, depth, nested;

static void dawdle(uint8_t vector)
{
	uint64_t end = time_after(3 * NS_PER_MS);

	nested += depth++ > 0;
	while (taken < SLOW_ONES && rdtsc() < end)
		;
	taken++;
	depth--;
}

/* The host's own timer fires while the handler runs, which has had no exit since the delivery. */
static void taken_once(void)
{
	taken = nested = 0;
	notes_call(dawdle);
	apic_write(APIC_LVT_TIMER, LVT_PERIODIC | 0x48);
	apic_write(APIC_TIMER_INITIAL, NS_PER_MS);
	while (taken < SLOW_ONES)
		irq_wait();
	apic_write(APIC_TIMER_INITIAL, 0);
	irq_gap();
	notes_call(NULL);
	check("IF keeps an interrupt out of its own handler", nested, 0);
}

void timer_cases(void)
{
	oneshot();
	periodic();
	deadline();
	held_back();
	taken_once();
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
}
