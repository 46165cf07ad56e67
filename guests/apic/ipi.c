/* Who gets an interrupt: destinations, shorthands, lowest priority, NMI, a level for another vCPU
   (SDM 3A 11.6). */
#include "guests/apic/check.h"
#include "guests/apic/smp.h"

#include <stddef.h>

#include "abi/platform.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define APIC_LDR    0xd0u
#define APIC_DFR    0xe0u
#define APIC_TMR    0x180u
#define LOWEST      0x100u
#define NMI         0x400u
#define LOGICAL     0x800u
#define TO_ALL      0x80000u
#define TO_OTHERS   0xc0000u
#define DFR_FLAT    0xffffffffu
#define DFR_CLUSTER 0x0fffffffu

#define UART_GSI   4u
#define UART_IER   0x3f9u
#define IER_THRE   2u
#define RTE_LEVEL  0x8000u
#define RTE_MASKED 0x10000u
#define RTE_IRR    0x4000u
#define LEVELS     3u

static unsigned last; /* the last vCPU's number */
static uint64_t everybody, seen[SMP_VCPUS];
static unsigned nmis[SMP_VCPUS], levels;
static uint32_t trigger;

static uint64_t one(unsigned id)
{
	return 1ull << 4 * id;
}

static void sent(const char *what, uint32_t id, uint32_t icr, uint64_t wanted)
{
	counts_clear();
	apic_send(id, icr | VECTOR_TEST);
	check(what, counts_when(wanted), wanted);
}

static void look(void)
{
	unsigned id = smp_id();

	seen[id] = (uint64_t)apic_id() << 32 | (rdmsr(0x1b) & 0x100);
}

static void identity(void)
{
	uint64_t wrong = 0;

	smp_do_others(look);
	look();
	for (unsigned i = 0; i <= last; i++)
		wrong += seen[i] != ((uint64_t)i << 32 | (i ? 0 : 0x100));
	check("vCPUs whose ID or BSP flag is wrong", wrong, 0);
}

static void physical(void)
{
	uint32_t broadcast = apic_is_x2apic() ? ~0u : 0xff;

	for (unsigned i = 1; i <= last; i++)
		sent("an IPI to one goes to that one", i, 0, one(i));
	sent("to a vCPU that is not there: to nobody", last + 1, 0, 0);
	sent("to oneself by ID", 0, 0, one(0));
	sent("a broadcast", broadcast, 0, everybody);
	sent("all", 0, TO_ALL, everybody);
	sent("all but oneself", 0, TO_OTHERS, everybody - 1);
}

static void set_flat(void)
{
	apic_write(APIC_DFR, DFR_FLAT);
	apic_write(APIC_LDR, 1u << (24 + smp_id()));
}

/* Clusters of two vCPUs. */
static void set_cluster(void)
{
	unsigned id = smp_id();

	apic_write(APIC_DFR, DFR_CLUSTER);
	apic_write(APIC_LDR, (id / 2 << 4 | 1u << id % 2) << 24);
}

static void both(smp_fn *fn)
{
	fn();
	smp_do_others(fn);
}

static void by_logical_id(void)
{
	if (!apic_is_x2apic())
		both(set_flat);
	sent("logical, one bit", 1u << last, LOGICAL, one(last));
	sent("logical, two bits", 1u << last | 1, LOGICAL, one(last) + 1);
	sent("logical, no bit", 0, LOGICAL, 0);
	if (apic_is_x2apic()) {
		sent("logical, another cluster", 1u << 16 | 3, LOGICAL, 0);
		return;
	}
	sent("logical, all bits", 0xff, LOGICAL, everybody);
	both(set_cluster);
	sent("cluster, one bit", (last / 2 << 4) | 1u << last % 2, LOGICAL, one(last));
	sent("cluster 0, both", 3, LOGICAL, 0x11);
	sent("a cluster that is not there", 0x73, LOGICAL, 0);
	both(set_flat);
}

static void raise_priority(void)
{
	apic_write(APIC_TPR, 0x30);
}

static void lower_priority(void)
{
	apic_write(APIC_TPR, 0);
}

/* Interrupts of as many vectors as there are vCPUs, a digit each vCPU. */
static uint64_t spread(void)
{
	uint64_t digits = 0;

	for (unsigned i = 0; i <= last; i++)
		for (unsigned n = 0; n <= last; n++)
			digits += (uint64_t)count(i, (uint8_t)(VECTOR_TEST + n)) << 4 * i;
	return digits;
}

static uint64_t spread_when(uint64_t wanted)
{
	uint64_t end = time_after(10 * NS_PER_SEC);

	while (spread() != wanted && rdtsc() < end)
		smp_sleep();
	return spread();
}

static void lowest(void)
{
	uint32_t all = (2u << last) - 1;

	both(raise_priority);
	smp_do(last, lower_priority);
	for (unsigned i = 0; i < 3; i++)
		sent("the lowest priority of all", all, LOGICAL | LOWEST, one(last));
	smp_do(last, raise_priority);
	lower_priority();
	sent("the lowest priority is one's own", all, LOGICAL | LOWEST, 1);
	smp_do_others(lower_priority);
	counts_clear();
	for (unsigned i = 0; i <= last; i++)
		apic_send(all, LOGICAL | LOWEST | (VECTOR_TEST + i));
	check("of equals each gets one", spread_when(everybody), everybody);
}

static void on_nmi(struct trap_frame *frame, void *arg)
{
	__atomic_fetch_add(&nmis[smp_id()], 1, __ATOMIC_SEQ_CST);
}

static void deaf(void)
{
	while (!__atomic_load_n(&nmis[smp_id()], __ATOMIC_SEQ_CST))
		asm volatile("cli; hlt");
}

static void non_maskable(void)
{
	trap_bind(TRAP_NMI, on_nmi, NULL);
	for (unsigned i = 1; i <= last; i++) {
		nmis[i] = 0;
		smp_give(i, deaf);
		for (unsigned n = 0; n < 4; n++)
			smp_sleep();
		apic_send(i, NMI);
		check("an NMI ends a HLT without interrupts", smp_done(i), 1);
		check("it came once", nmis[i], 1);
	}
	check("nobody else got one", nmis[0], 0);
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	writel((volatile void *)HV_GUEST_IOAPIC, reg);
	writel((volatile void *)(HV_GUEST_IOAPIC + 0x10), value);
}

static uint32_t entry(void)
{
	writel((volatile void *)HV_GUEST_IOAPIC, 0x10 + 2 * UART_GSI);
	return readl((volatile void *)(HV_GUEST_IOAPIC + 0x10));
}

static void on_level(struct trap_frame *frame, void *arg)
{
	unsigned word = VECTOR_TEST / 32 * 16;

	trigger = apic_read(APIC_TMR + word) >> VECTOR_TEST % 32 & 1;
	seen[smp_id()]++;
	if (++levels == LEVELS)
		outb(UART_IER, 0);
	apic_eoi();
}

static void level(void)
{
	uint64_t end = time_after(NS_PER_SEC);

	trap_bind(VECTOR_TEST, on_level, NULL);
	levels = 0;
	for (unsigned i = 0; i <= last; i++)
		seen[i] = 0;
	ioapic_write(0x11 + 2 * UART_GSI, last << 24);
	ioapic_write(0x10 + 2 * UART_GSI, RTE_LEVEL | VECTOR_TEST);
	outb(UART_IER, IER_THRE);
	while (__atomic_load_n(&levels, __ATOMIC_SEQ_CST) < LEVELS && rdtsc() < end)
		smp_sleep();
	smp_sleep();
	check("a level at another vCPU comes until its line falls", seen[last], LEVELS);
	check("nowhere else", seen[0], 0);
	check("that vCPU's TMR tells", trigger, 1);
	check("the sender's does not",
	      apic_read(APIC_TMR + VECTOR_TEST / 32 * 16) >> VECTOR_TEST % 32 & 1, 0);
	check("its EOI has cleared remote IRR", entry() & RTE_IRR, 0);
	ioapic_write(0x10 + 2 * UART_GSI, RTE_MASKED);
	ioapic_write(0x11 + 2 * UART_GSI, 0);
	trap_bind(VECTOR_TEST, smp_note, NULL);
}

static void nap(void)
{
	unsigned before = count(smp_id(), VECTOR_TEST);

	apic_timer_oneshot(VECTOR_TEST, NS_PER_MS);
	while (count(smp_id(), VECTOR_TEST) == before)
		irq_wait();
}

static void timers(void)
{
	counts_clear();
	check("each vCPU's timer ends its HLT", smp_do_others(nap), 1);
	check("once", counts(), everybody - 1);
}

void ipi_cases(void)
{
	last = boot->vcpus - 1u;
	everybody = 0;
	for (unsigned i = 0; i <= last; i++)
		everybody += one(i);
	identity();
	physical();
	by_logical_id();
	lowest();
	non_maskable();
	level();
	timers();
}
