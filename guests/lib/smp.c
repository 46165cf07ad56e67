/*
 * Starting other vCPUs (SDM 3A 8.4.4). What a vCPU needs on its way from real mode to C stands
 * behind the code that takes it there, which smp.asm has; both are copied to SMP_PAGE.
 */
#include "guests/lib/smp.h"

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/paging.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "lib/addr.h"
#include "lib/bits.h"
#include "lib/string.h"

#define MSR_EFER    0xc0000080u
#define EFER_STARTS (BIT(0) | BIT(8) | BIT(11)) /* SCE LME NXE */

#define ICR_INIT    0x500u
#define ICR_STARTUP 0x600u
#define ICR_ASSERT  BIT(14)

#define PATIENCE (10 * NS_PER_SEC)

/* smp.asm has the same. */
struct PACKED smp_start_block {
	uint32_t cr0, cr3, cr4, efer;
	uint16_t gdt_limit;
	uint64_t gdt;
	uint64_t stack, entry;
};

extern const uint8_t smp_code[], smp_code_end[]; /* the block is right behind */

static smp_fn *start_fn;
static bool arrived;
static uint32_t lock_next, lock_serving;

static uint64_t read_cr0(void)
{
	uint64_t v;

	asm volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}

static uint64_t read_cr4(void)
{
	uint64_t v;

	asm volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}

static _Noreturn void smp_entry(void)
{
	smp_fn *fn = start_fn;

	trap_load();
	apic_init(apic_is_x2apic());
	__atomic_store_n(&arrived, true, __ATOMIC_RELEASE);
	fn();
	for (;;)
		asm volatile("cli; hlt");
}

static void prepare(void *stack_top)
{
	size_t bytes = (size_t)(smp_code_end - smp_code);
	struct smp_start_block *b = (void *)(SMP_PAGE + bytes);
	struct PACKED {
		uint16_t limit;
		uint64_t base;
	} gdt;

	asm volatile("sgdt %0" : "=m"(gdt));
	paging_map(SMP_PAGE, PAGE_SIZE, PAGING_WRITE | PAGING_EXEC | PAGING_EXACTLY);
	memcpy((void *)SMP_PAGE, smp_code, bytes);
	*b = (struct smp_start_block){
		.cr0 = (uint32_t)read_cr0(),
		.cr3 = (uint32_t)read_cr3(),
		.cr4 = (uint32_t)read_cr4(),
		.efer = (uint32_t)(rdmsr(MSR_EFER) & EFER_STARTS),
		.gdt_limit = gdt.limit,
		.gdt = gdt.base,
		.stack = (uint64_t)(uintptr_t)stack_top & ~15ul,
		.entry = (uint64_t)(uintptr_t)smp_entry,
	};
}

static bool wait_for_arrival(uint64_t ns)
{
	uint64_t end = time_after(ns);

	while (!__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) && rdtsc() < end)
		cpu_relax();
	return __atomic_load_n(&arrived, __ATOMIC_ACQUIRE);
}

bool smp_start(unsigned id, void *stack_top, smp_fn *fn)
{
	prepare(stack_top);
	start_fn = fn;
	__atomic_store_n(&arrived, false, __ATOMIC_RELEASE);
	smp_stop(id);
	apic_send(id, ICR_STARTUP | ICR_ASSERT | SMP_PAGE >> PAGE_SHIFT);
	return wait_for_arrival(PATIENCE);
}

void smp_stop(unsigned id)
{
	apic_send(id, ICR_INIT | ICR_ASSERT);
}

unsigned smp_id(void)
{
	return cpuid(1, 0).ebx >> 24;
}

void smp_ipi(unsigned id, unsigned vector)
{
	apic_send(id, ICR_ASSERT | vector);
}

void smp_lock(void)
{
	uint32_t ticket = __atomic_fetch_add(&lock_next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock_serving, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
}

void smp_unlock(void)
{
	__atomic_store_n(&lock_serving, lock_serving + 1, __ATOMIC_RELEASE);
}
