/*
 * Start of the other CPUs by INIT-SIPI-SIPI (SDM 3A 9.4), all at once. Each finds its block by its
 * APIC id, sets itself up, says that it has answered, and waits for the order to enter guests. A
 * CPU that does not answer in time is a warning; should it come later, it halts.
 */
#include "boot/boot.h"

#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/lapic.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/tsc.h"
#include "drivers/acpi.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/hvmap.h"

#define INIT_WAIT_US   10000
#define SIPI_WAIT_US   200
#define ANSWER_WAIT_US 200000
#define TSC_ROUNDS     4
#define STACK_PAGES    8
#define IST_PAGES      2

extern const char trampoline_start[], trampoline_end[]; /* entry.asm */
extern uint32_t start_efer;
extern uint64_t start_cr3;

static bool released;

/* One CPU at a time is asked for its TSC: the boot CPU stores cpu, the other one tsc, then done. */
static struct {
	struct cpu *cpu;
	uint64_t tsc;
	bool done;
} ask;

void smp_make_stacks(struct cpu *c)
{
	unsigned block = (unsigned)(c - cpu_blocks);

	for (unsigned i = 0; i < CPU_ISTS; i++)
		c->ist_top[i] = hvmap_stack(block, 1 + i, IST_PAGES);
	c->stack_top = hvmap_stack(block, 0, STACK_PAGES);
}

static bool advance(struct cpu *c, uint32_t to)
{
	uint32_t from = CPU_CLAIMED;

	return __atomic_compare_exchange_n(&c->state, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* Claims a block for every CPU of the MADT but this one; how many. */
static unsigned claim_all(unsigned limit)
{
	unsigned n = 0;

	for (unsigned i = 0; i < acpi()->cpus && n + 1 < limit; i++) {
		struct cpu *c;

		if (acpi()->cpu[i] == lapic_id())
			continue;
		if (acpi()->cpu[i] > 0xfe && !lapic_uses_x2apic())
			continue;
		c = cpu_claim(acpi()->cpu[i]);
		if (!c)
			break;
		smp_make_stacks(c);
		n++;
	}
	return n;
}

static void place_trampoline(hpa_t page)
{
	memcpy(hvmap_slot(0, page), trampoline_start, (size_t)(trampoline_end - trampoline_start));
	hvmap_slot_clear(0);
	start_efer = (uint32_t)(msr_read(MSR_EFER) & (EFER_LME | EFER_NXE | EFER_SCE));
	start_cr3 = hvmap_root().v;
}

static void send_start(unsigned n, hpa_t page)
{
	for (unsigned i = 1; i <= n; i++)
		lapic_init_ipi(cpu_blocks[i].apic_id);
	tsc_delay_us(INIT_WAIT_US);
	for (int twice = 0; twice < 2; twice++) {
		for (unsigned i = 1; i <= n; i++)
			if (__atomic_load_n(&cpu_blocks[i].state, __ATOMIC_ACQUIRE) == CPU_CLAIMED)
				lapic_startup_ipi(cpu_blocks[i].apic_id, page);
		tsc_delay_us(SIPI_WAIT_US);
	}
}

static bool wait_for_answer(struct cpu *c, uint64_t deadline)
{
	while (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == CPU_CLAIMED && tsc_read() < deadline)
		insn_pause();
	return !advance(c, CPU_LOST);
}

/* True if the CPU's TSC lies between two readings of ours, one before and one after it. */
static bool tsc_agrees(struct cpu *c)
{
	uint64_t before, after, deadline;

	__atomic_store_n(&ask.done, false, __ATOMIC_RELAXED);
	before = tsc_read();
	deadline = before + tsc_from_ns(ANSWER_WAIT_US * 1000ul);
	/* Pairs with the acquire in answer_tsc. */
	__atomic_store_n(&ask.cpu, c, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&ask.done, __ATOMIC_ACQUIRE) && tsc_read() < deadline)
		insn_pause();
	insn_lfence();
	after = tsc_read();
	return ask.done && ask.tsc >= before && ask.tsc <= after;
}

static void answer_tsc(struct cpu *c)
{
	if (__atomic_load_n(&ask.cpu, __ATOMIC_ACQUIRE) != c)
		return;
	__atomic_store_n(&ask.cpu, NULL, __ATOMIC_RELAXED);
	insn_lfence();
	ask.tsc = tsc_read();
	/* Pairs with the acquire in tsc_agrees. */
	__atomic_store_n(&ask.done, true, __ATOMIC_RELEASE);
}

static void compare_tsc(struct cpu *c)
{
	for (int i = 0; i < TSC_ROUNDS; i++) {
		if (tsc_agrees(c))
			continue;
		log_warn(
			"the TSC of CPU %u differs from the boot CPU's: guests get no stable clock",
			c->index);
		tsc_set_unstable();
		return;
	}
}

void smp_start(hpa_t trampoline, unsigned limit)
{
	unsigned n = claim_all(limit);
	uint64_t deadline;

	if (n && !trampoline.v) {
		log_warn("no free page below 512 KiB: only one CPU is used");
		return;
	}
	if (!n)
		return;
	place_trampoline(trampoline);
	send_start(n, trampoline);
	deadline = tsc_read() + tsc_from_ns(ANSWER_WAIT_US * 1000ul);
	for (unsigned i = 1; i <= n; i++) {
		if (!wait_for_answer(&cpu_blocks[i], deadline)) {
			log_warn("CPU with APIC id %u does not answer: it is not used",
				 cpu_blocks[i].apic_id);
			continue;
		}
		cpu_publish(&cpu_blocks[i]);
		compare_tsc(&cpu_blocks[i]);
	}
	log_info("CPUs: %u of %u run", cpu_count(), n + 1);
}

void smp_release(void)
{
	/* Pairs with the acquire in smp_wait_for_release: all of the set-up is seen. */
	__atomic_store_n(&released, true, __ATOMIC_RELEASE);
}

void smp_wait_for_release(struct cpu *c)
{
	if (!advance(c, CPU_ANSWERED))
		panic_halt();
	while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) {
		answer_tsc(c);
		insn_pause();
	}
}
