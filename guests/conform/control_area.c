/*
 * CR0, CR3, CR4, CR8 and EFER: which bits can be written, what is refused, what reads back (SDM 3A
 * 2.5, APM 2 3.1), and what the bits do.
 */
#include "guests/conform/case.h"
#include "guests/conform/control.h"
#include "guests/conform/machine.h"
#include "guests/conform/msr_access.h"
#include "guests/conform/probe.h"
#include "guests/lib/insn.h"
#include "lib/format.h"
#include "lib/string.h"

extern const struct snippet control_writes[], fpu_insns[], bit_insns[];

enum { WRITE_CR0, WRITE_CR3, WRITE_CR4, WRITE_CR8, WRITE_LMSW, CLTS };

static const char *write(unsigned insn, uint64_t value)
{
	static struct probe p;

	p = (struct probe){ .regs.rax = value };
	probe_run(&p, &control_writes[insn]);
	return probe_text(&p);
}

/* Writes CR0 with bits changed, says what came of these bits, and puts it back. */
static void cr0(const char *name, uint64_t set, uint64_t clear)
{
	uint64_t old = control_read(0);
	const char *text = write(WRITE_CR0, (old & ~clear) | set);
	uint64_t now = control_read(0);

	control_write(0, old);
	report(name, "%s, %s", text,
	       now == old                      ? "unchanged"
	       : now == ((old & ~clear) | set) ? "as written"
					       : "changed otherwise");
}

static void cr0_bits(void)
{
	cr0("CR0.MP set", CR0_MP, 0);
	cr0("CR0.EM set", CR0_EM, 0);
	cr0("CR0.TS set", CR0_TS, 0);
	cr0("CR0.NE set", CR0_NE, 0);
	cr0("CR0.NE clear", 0, CR0_NE);
	cr0("CR0.WP clear", 0, CR0_WP);
	cr0("CR0.AM set", CR0_AM, 0);
	cr0("CR0.CD set", CR0_CD, 0);
	cr0("CR0.CD and NW set", CR0_CD | CR0_NW, 0);
	cr0("CR0.NW set without CD", CR0_NW, CR0_CD);
	cr0("CR0.ET clear", 0, CR0_ET);
	cr0("CR0 bit 6 set", BIT(6), 0);
	cr0("CR0 bit 17 set", BIT(17), 0);
	cr0("CR0 bit 32 set", BIT(32), 0);
	cr0("CR0 bit 63 set", BIT(63), 0);
	if (!report_if_careful(2, "CR0.PG clear in 64-bit code"))
		cr0("CR0.PG clear in 64-bit code", 0, CR0_PG);
	if (!report_if_careful(1, "CR0.PE clear"))
		cr0("CR0.PE clear", 0, CR0_PE);
	if (!report_if_careful(1, "CR0 zero"))
		cr0("CR0 zero", 0, ~0ull);
}

static void msw(void)
{
	uint64_t old = control_read(0);

	report("lmsw 0xf, from CR0 as it was", "%s", write(WRITE_LMSW, 0xf));
	report("CR0 after lmsw 0xf, low 4 bits", "%#lx", control_read(0) & 15);
	report("lmsw 0", "%s", write(WRITE_LMSW, 0));
	report("CR0 after lmsw 0, low 4 bits", "%#lx", control_read(0) & 15);
	control_write(0, old | CR0_TS);
	report("clts", "%s", write(CLTS, 0));
	report_bool("CR0.TS after clts", control_read(0) & CR0_TS);
	control_write(0, old);
}

/* A bit that CPUID shows can be written; one that it does not is reserved. */
static void cr4_bit(const char *what, uint64_t bit)
{
	uint64_t old = control_read(4), now;
	bool shown = control_shown(bit);
	const char *text;
	char name[64];

	format(name, sizeof(name), "CR4.%s is as CPUID says", what);
	if (!shown && report_if_careful(2, name))
		return;
	text = write(WRITE_CR4, old ^ bit);
	now = control_read(4);
	control_write(4, old);
	if (shown ? now == (old ^ bit) : now == old && !strcmp(text, "#GP(0x0)"))
		report_bool(name, true);
	else
		report(name, "%s, shown %d, changed %d", text, shown, now != old);
}

static void cr4_bits(void)
{
	static const struct {
		const char *name;
		uint64_t bit;
	} bits[] = { { "VME", CR4_VME },           { "PVI", CR4_PVI },
		     { "TSD", CR4_TSD },           { "DE", CR4_DE },
		     { "PSE", CR4_PSE },           { "MCE", CR4_MCE },
		     { "PGE", CR4_PGE },           { "OSFXSR", CR4_OSFXSR },
		     { "UMIP", CR4_UMIP },         { "OSXMMEXCPT", CR4_OSXMMEXCPT },
		     { "VMXE", CR4_VMXE },         { "SMXE", CR4_SMXE },
		     { "FSGSBASE", CR4_FSGSBASE }, { "PCIDE", CR4_PCIDE },
		     { "OSXSAVE", CR4_OSXSAVE },   { "SMEP", CR4_SMEP },
		     { "SMAP", CR4_SMAP },         { "PKE", CR4_PKE },
		     { "CET", CR4_CET },           { "PKS", CR4_PKS } };
	static const struct {
		const char *name;
		uint64_t bit;
	} wrong[] = { { "PAE clear in long mode", CR4_PAE },
		      { "LA57 changed in long mode", CR4_LA57 },
		      { "bit 15 set", BIT(15) },
		      { "bit 31 set", BIT(31) },
		      { "bit 32 set", BIT(32) },
		      { "bit 63 set", BIT(63) } };
	char name[64];

	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		cr4_bit(bits[i].name, bits[i].bit);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint64_t old = control_read(4);
		const char *text;

		format(name, sizeof(name), "CR4 %s", wrong[i].name);
		if (report_if_careful(2, name))
			continue;
		text = write(WRITE_CR4, old ^ wrong[i].bit);
		report(name, "%s, %s", text, control_read(4) == old ? "unchanged" : "changed");
		control_write(4, old);
	}
}

static void others(void)
{
	if (!report_if_careful(2, "CR3 bit 63 set without PCIDs"))
		report("CR3 bit 63 set without PCIDs", "%s",
		       write(WRITE_CR3, read_cr3() | BIT(63)));
	if (!report_if_careful(2, "CR3 bit 52 set"))
		report("CR3 bit 52 set", "%s", write(WRITE_CR3, read_cr3() | BIT(52)));
	report("CR3 PWT and PCD set", "%s", write(WRITE_CR3, read_cr3() | PTE_PWT | PTE_PCD));
	report("CR3 read then, low 12 bits", "%#lx", read_cr3() & 0xfff);
	report("CR3 as it was", "%s", write(WRITE_CR3, read_cr3() & ~0xfffull));
	report("CR8 = 15", "%s", write(WRITE_CR8, 15));
	report("CR8 = 0", "%s", write(WRITE_CR8, 0));
	report("CR8 = 16", "%s", write(WRITE_CR8, 16));
	report("CR8 bit 63 set", "%s", write(WRITE_CR8, BIT(63)));
}

static void efer_write(const char *name, uint64_t set, uint64_t clear)
{
	uint64_t old = rdmsr(MSR_EFER), now;
	bool done = msr_try_write(MSR_EFER, (old & ~clear) | set);

	now = rdmsr(MSR_EFER);
	wrmsr(MSR_EFER, old);
	report(name, "%s, %s", done ? "ok" : msr_fault(),
	       now == old                      ? "unchanged"
	       : now == ((old & ~clear) | set) ? "as written"
					       : "changed otherwise");
}

static void efer(void)
{
	uint64_t known = EFER_LME | EFER_LMA | EFER_NXE;

	report("EFER, LME LMA NXE", "%#lx", rdmsr(MSR_EFER) & known);
	efer_write("EFER.SCE set", EFER_SCE, 0);
	efer_write("EFER.LME clear while paging", 0, EFER_LME);
	efer_write("EFER.LMA clear", 0, EFER_LMA);
	efer_write("EFER.SVME set", EFER_SVME, 0);
	efer_write("EFER bit 1 set", BIT(1), 0);
	efer_write("EFER bit 9 set", BIT(9), 0);
	efer_write("EFER bit 16 set", BIT(16), 0);
	efer_write("EFER bit 32 set", BIT(32), 0);
	efer_write("EFER bit 63 set", BIT(63), 0);
}

/* Each instruction of a table with these bits of CR0 or CR4. */
static void with(const struct snippet *table, bool user, unsigned cr, uint64_t set, uint64_t clear,
		 const char *how)
{
	uint64_t old = control_read(cr);

	for (const struct snippet *s = table; s->name; s++) {
		struct probe p = { .user = user, .regs.rdi = machine_address(machine_frame(0)) };
		char name[64];

		memset(machine_frame(0), 0, 512);
		control_write(cr, (old & ~clear) | set);
		probe_run(&p, s);
		control_write(cr, old);
		format(name, sizeof(name), "%s, %s", s->name, how);
		report(name, "%s", probe_text(&p));
	}
}

static void with_shown(uint64_t bit, const char *how)
{
	char name[64];

	if (control_shown(bit)) {
		with(bit_insns, true, 4, bit, 0, how);
		return;
	}
	for (const struct snippet *s = bit_insns; s->name; s++) {
		format(name, sizeof(name), "%s, %s", s->name, how);
		report_absent(name);
	}
}

void area_control(void)
{
	cr0_bits();
	msw();
	cr4_bits();
	others();
	efer();
	with(fpu_insns, false, 0, CR0_TS | CR0_MP, CR0_EM, "TS and MP");
	with(fpu_insns, false, 0, CR0_TS, CR0_EM | CR0_MP, "TS without MP");
	with(fpu_insns, false, 0, CR0_EM, CR0_TS | CR0_MP, "EM");
	with(fpu_insns, false, 4, 0, CR4_OSFXSR, "no OSFXSR");
	with(bit_insns, true, 4, 0, CR4_TSD | CR4_UMIP | CR4_FSGSBASE | CR4_OSXSAVE, "ring 3");
	with_shown(CR4_TSD, "ring 3, TSD");
	with_shown(CR4_UMIP, "ring 3, UMIP");
	with_shown(CR4_FSGSBASE, "ring 3, FSGSBASE");
	with_shown(CR4_OSXSAVE, "ring 3, OSXSAVE");
	with(bit_insns, false, 4, CR4_TSD, 0, "ring 0, TSD");
}
