/*
 * Changes of page tables and what makes them seen (SDM 3A 4.8 and 4.10, APM 2 5.4 and 5.5):
 * accessed and dirty bits, INVLPG, CR3, global pages, large pages. Nothing here depends on a
 * translation being cached: only on its not being used any more.
 */
#include "guests/conform/case.h"
#include "guests/conform/control.h"
#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "lib/string.h"

extern const struct snippet pf_cases[], invpcid_case[];

enum { READ, WRITE, RMW };

#define PAGE    40 /* of TEST_PAGES */
#define SIZE_2M BIT(21)
#define SIZE_1G BIT(30)
#define AT      ((volatile uint32_t *)machine_page(PAGE))

static uint64_t frame(unsigned n)
{
	return machine_address(machine_frame(n));
}

static const char *try(unsigned what, uint64_t at, bool user)
{
	static struct probe p;

	p = (struct probe){ .user = user, .regs.rdi = at };
	probe_run(&p, &pf_cases[what]);
	return probe_text(&p);
}

static void report_bits(const char *name, uint64_t entry)
{
	report(name, "%s%s", entry & PTE_A ? "A" : "-", entry & PTE_D ? "D" : "-");
}

static void accessed_and_dirty(void)
{
	uint64_t *pte = machine_pte(PAGE), *pde = machine_pde(0);

	*pde &= ~(PTE_A | PTE_D);
	machine_map(PAGE, frame(8) | PTE_P | PTE_W | PTE_U);
	control_flush();
	report_bits("before any access, page", *pte);
	readl(AT);
	report_bits("after a read, page", *pte);
	report_bool("after a read, directory entry accessed", *pde & PTE_A);
	writel(AT, 1);
	report_bits("after a write, page", *pte);
	machine_map(PAGE, frame(8) | PTE_P | PTE_W | PTE_U);
	writel(AT, 1);
	report_bits("after a write at once, page", *pte);
	machine_map(PAGE, frame(8) | PTE_P | PTE_U);
	try(WRITE, machine_page(PAGE), false);
	report_bool("after a write that faulted, dirty", *pte & PTE_D);
	machine_map(PAGE, frame(8) | PTE_P | PTE_W | PTE_U);
	try(READ, machine_page(PAGE), true);
	report_bits("after a read in ring 3, page", *pte);
	machine_map(PAGE, frame(8) | PTE_P | PTE_W);
	invlpg((const void *)AT);
	report_bits("after invlpg, page", *pte);
	machine_map(PAGE, frame(8) | PTE_P | PTE_W | PTE_G | PTE_PCD | PTE_PWT);
	readl(AT);
	report("other bits stay, page", "%#lx", *pte & 0xfff);
}

/* What a page shows after its entry moved from frame 8 to frame 9. */
static uint32_t move(uint64_t bits, void (*flush)(void))
{
	writel(machine_frame(8), 0x888);
	writel(machine_frame(9), 0x999);
	machine_map(PAGE, frame(8) | bits);
	if (readl(AT) != 0x888)
		return 0;
	*machine_pte(PAGE) = frame(9) | bits;
	flush();
	return readl(AT);
}

static void by_invlpg(void)
{
	invlpg((const void *)AT);
}

static void by_invlpg_inside(void)
{
	invlpg((const uint8_t *)machine_page(PAGE) + 4095);
}

static void by_pge(void)
{
	uint64_t cr4 = control_read(4);

	control_write(4, cr4 ^ CR4_PGE);
	control_write(4, cr4);
}

static void by_pg_features(void)
{
	uint64_t cr0 = control_read(0);

	control_write(0, cr0 & ~CR0_WP);
	control_write(0, cr0);
	invlpg((const void *)AT);
}

static void invalidations(void)
{
	uint64_t cr4 = control_read(4), plain = PTE_P | PTE_W;

	report("invlpg", "%#x", move(plain, by_invlpg));
	report("invlpg by the page's last byte", "%#x", move(plain, by_invlpg_inside));
	report("CR3", "%#x", move(plain, control_flush));
	report("CR0.WP changed, invlpg", "%#x", move(plain, by_pg_features));
	control_write(4, cr4 | CR4_PGE);
	report("global page, invlpg", "%#x", move(plain | PTE_G, by_invlpg));
	report("global page, CR4.PGE changed", "%#x", move(plain | PTE_G, by_pge));
	control_write(4, cr4 & ~CR4_PGE);
	report("global bit without CR4.PGE, CR3", "%#x", move(plain | PTE_G, control_flush));
	control_write(4, cr4);
}

/* Not cached: absent entries. After a fault the new rights hold. */
static void rights(void)
{
	machine_map(PAGE, 0);
	report("absent", "%s", try(READ, machine_page(PAGE), false));
	*machine_pte(PAGE) = frame(8) | PTE_P;
	report("present now, without invlpg", "%s", try(READ, machine_page(PAGE), false));
	report("read-only", "%s", try(WRITE, machine_page(PAGE), false));
	*machine_pte(PAGE) = frame(8) | PTE_P | PTE_W;
	try(WRITE, machine_page(PAGE), false);
	report("writable now, at the second try", "%s", try(WRITE, machine_page(PAGE), false));
	machine_map(PAGE, frame(8) | PTE_P);
	report("read-only again, after invlpg", "%s", try(WRITE, machine_page(PAGE), false));
	machine_map(PAGE, 0);
	report("absent again, after invlpg", "%s", try(READ, machine_page(PAGE), false));
	*machine_pde(0) &= ~PTE_U;
	control_flush();
	machine_map(PAGE, frame(8) | PTE_P | PTE_W | PTE_U);
	report("ring 3, directory entry of ring 0", "%s", try(READ, machine_page(PAGE), true));
	*machine_pde(0) |= PTE_U;
	report("ring 3, directory entry of ring 3, at the second try", "%s",
	       (try(READ, machine_page(PAGE), true), try(READ, machine_page(PAGE), true)));
}

static void large_pages(void)
{
	uint64_t *pde = machine_pde(1), *pdpte = machine_pdpte(1), at = frame(8);
	uint64_t via_2m = TEST_PAGES + SIZE_2M + (at & (SIZE_2M - 1));
	uint64_t via_1g = USER_IMAGE + SIZE_1G + (at & (SIZE_1G - 1));

	writel(machine_frame(8), 0x21212121);
	*pde = (at & ~(SIZE_2M - 1)) | PTE_P | PTE_W | PTE_PS;
	report("2 MiB page", "%#x", readl((void *)via_2m));
	report_bits("2 MiB page after a read", *pde);
	writel((void *)via_2m, 0x34343434);
	report_bits("2 MiB page after a write", *pde);
	report("what was written", "%#x", readl(machine_frame(8)));
	*pde = 0;
	invlpg((const void *)via_2m);
	report("2 MiB page gone", "%s", try(READ, TEST_PAGES + SIZE_2M, false));
	if (!(cpuid(0x80000001, 0).edx & BIT(26))) {
		report_absent("1 GiB page");
		report_absent("1 GiB page after a read");
		return;
	}
	*pdpte = (at & ~(SIZE_1G - 1)) | PTE_P | PTE_W | PTE_PS;
	report("1 GiB page", "%#x", readl((void *)via_1g));
	report_bits("1 GiB page after a read", *pdpte);
	*pdpte = 0;
	invlpg((const void *)via_1g);
}

/* Code that is written and then run: no more than a jump is needed (SDM 3A 11.6). */
static void code(void)
{
	static const uint8_t first[] = { 0xb8, 1, 0, 0, 0, 0xcd, PROBE_DONE };
	struct probe p = { .regs.rax = 0 };

	memcpy(machine_frame(10), first, sizeof(first));
	machine_map(PAGE, frame(10) | PTE_P);
	probe_at(&p, machine_page(PAGE), 5);
	report("code as it was", "%s, rax %lu", probe_text(&p), p.regs.rax);
	machine_frame(10)[1] = 2;
	probe_at(&p, machine_page(PAGE), 5);
	report("code changed through another address", "%s, rax %lu", probe_text(&p), p.regs.rax);
	memcpy(machine_frame(11), first, sizeof(first));
	machine_frame(11)[1] = 3;
	machine_map(PAGE, frame(11) | PTE_P);
	probe_at(&p, machine_page(PAGE), 5);
	report("code on another frame, after invlpg", "%s, rax %lu", probe_text(&p), p.regs.rax);
}

/* rax is the type, rdi points at the descriptor. */
static const char *invpcid(uint64_t type, uint64_t pcid, uint64_t address)
{
	static uint64_t descriptor[2] ALIGNED(16);
	static struct probe p;

	descriptor[0] = pcid;
	descriptor[1] = address;
	p = (struct probe){ .regs = { .rax = type, .rdi = machine_address(descriptor) } };
	probe_run(&p, &invpcid_case[0]);
	return probe_text(&p);
}

static void by_invpcid(void)
{
	invpcid(0, 0, machine_page(PAGE));
}

static void by_invpcid_all(void)
{
	invpcid(2, 0, 0);
}

static void invpcids(void)
{
	bool shown = cpuid(7, 0).ebx & BIT(10);
	static const char *const names[] = { "invpcid, one address", "invpcid, everything",
					     "invpcid of type 4", "invpcid of a PCID without PCIDE",
					     "invpcid of an address that is not canonical" };

	for (unsigned i = 0; !shown && i < ARRAY_SIZE(names); i++)
		report_absent(names[i]);
	if (!shown)
		return;
	report(names[0], "%#x", move(PTE_P | PTE_W, by_invpcid));
	report(names[1], "%#x", move(PTE_P | PTE_W, by_invpcid_all));
	report(names[2], "%s", invpcid(4, 0, 0));
	report(names[3], "%s", invpcid(0, 1, machine_page(PAGE)));
	report(names[4], "%s", invpcid(0, 0, 0x800000000000));
}

void area_paging(void)
{
	accessed_and_dirty();
	invalidations();
	invpcids();
	rights();
	large_pages();
	code();
}
