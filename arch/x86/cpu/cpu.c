/*
 * Per-CPU blocks, and the descriptor tables and control registers that every CPU needs the same
 * way. The GDT holds flat 64-bit code and data and this CPU's TSS.
 */
#include "arch/x86/cpu/cpu.h"

#include "arch/x86/cpu/features.h"
#include "arch/x86/cpu/idt.h"
#include "arch/x86/cpu/insn.h"
#include "arch/x86/cpu/msr.h"
#include "arch/x86/cpu/regs.h"
#include "lib/string.h"

#define GDT_CODE64 0x00af9b000000ffffull
#define GDT_DATA   0x00cf93000000ffffull
#define GDT_TSS    0x0000890000000000ull

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} PACKED;

static_assert(offsetof(struct tss, ist) == 36, "APM 2 12.2.5");
static_assert(sizeof(struct tss) == 104, "APM 2 12.2.5");

/* Descriptors in the order of their selectors in idt.h. */
static struct {
	struct tss tss;
	uint64_t gdt[5] ALIGNED(8);
} tables[MAX_CPUS];

struct cpu cpu_blocks[MAX_CPUS];
static struct cpu *published[MAX_CPUS];
static unsigned claimed, count;

uint64_t __stack_chk_guard RO_AFTER_INIT_VALUE = 0x7a3c00ff5ee1dbe1;

unsigned cpu_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

struct cpu *cpu_by_index(unsigned index)
{
	return published[index];
}

struct cpu *cpu_claim(uint32_t apic_id)
{
	struct cpu *c;

	if (claimed == MAX_CPUS)
		return NULL;
	c = &cpu_blocks[claimed++];
	c->self = c;
	c->apic_id = apic_id;
	return c;
}

void cpu_publish(struct cpu *c)
{
	c->index = count;
	published[count] = c;
	/* Pairs with the acquire in cpu_count. */
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
}

static void fill_gdt(uint64_t *gdt, const struct tss *tss)
{
	uint64_t base = (uint64_t)tss;

	gdt[0] = 0;
	gdt[SELECTOR_CODE / 8] = GDT_CODE64;
	gdt[SELECTOR_DATA / 8] = GDT_DATA;
	gdt[SELECTOR_TSS / 8] =
		GDT_TSS | (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void cpu_load(struct cpu *c)
{
	struct tss *tss = &tables[c - cpu_blocks].tss;
	uint64_t *gdt = tables[c - cpu_blocks].gdt;
	struct table_pointer p = { sizeof(tables[0].gdt) - 1, (uint64_t)gdt };

	memcpy(tss->ist, c->ist_top, sizeof(c->ist_top));
	tss->io_map = sizeof(*tss);
	fill_gdt(gdt, tss);
	insn_load_segments(&p, SELECTOR_CODE, SELECTOR_DATA);
	insn_ltr(SELECTOR_TSS);
	insn_lldt(0);
	msr_write(MSR_GS_BASE, (uint64_t)c);
	msr_write(MSR_KERNEL_GS_BASE, 0);
	idt_load();
}

void cpu_set_protections(void)
{
	uint64_t cr4 = insn_read_cr4();

	insn_write_cr0((insn_read_cr0() | CR0_WP | CR0_NE) & ~(CR0_CD | CR0_NW | CR0_AM));
	if (cpu_has(CPU_NX))
		msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
	if (cpu_has(CPU_PAT))
		msr_write(MSR_PAT, PAT_HOST);
	cr4 |= CR4_MCE;
	cr4 |= cpu_has(CPU_PGE) ? CR4_PGE : 0;
	cr4 |= cpu_has(CPU_SMEP) ? CR4_SMEP : 0;
	cr4 |= cpu_has(CPU_SMAP) ? CR4_SMAP : 0;
	cr4 |= cpu_has(CPU_UMIP) ? CR4_UMIP : 0;
	insn_write_cr4(cr4);
}

/* Its own canary would change under way: it has none. */
__attribute__((no_stack_protector)) void cpu_init_canary(void)
{
	uint64_t random = insn_rdtsc() * 0x9e3779b97f4a7c15ull, more = 0;

	if (insn_cpuid(1, 0).ecx & BIT(30))
		insn_rdrand(&more);
	/* A zero byte in the canary stops string copies that run over. */
	__stack_chk_guard = (random ^ more ^ __stack_chk_guard) & ~0xffull;
}
