/*
 * Interrupts (SDM 3A chapters 6 and 10, APM 2 chapters 8 and 16): when they come, in which order,
 * and what the local APIC's registers show meanwhile. Each handler adds a letter to a text.
 */
#include "guests/conform/case.h"
#include "guests/conform/irq.h"
#include "guests/conform/machine.h"
#include "guests/conform/msr_access.h"
#include "guests/conform/probe.h"
#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "lib/format.h"

extern const struct snippet irq_cases[];

#define APIC_PPR     0xa0
#define APIC_LDR     0xd0
#define APIC_DFR     0xe0
#define APIC_ESR     0x280
#define ICR_NMI_SELF 0x44400u
#define VECTOR       0x40

static char text[64];
static unsigned written;

void irq_note(char c)
{
	if (written < sizeof(text) - 1)
		text[written++] = c;
	text[written] = 0;
}

const char *irq_notes(void)
{
	written = 0;
	return text[0] ? text : "nothing";
}

void irq_clear(void)
{
	written = text[0] = 0;
}

/* Not PAUSE: QEMU keeps STI's shadow over it. */
void irq_open(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

/* Vector 0x4x writes "4", and so on. */
static void plain(struct trap_frame *f, void *arg)
{
	irq_note("0123456789abcdef"[f->vector >> 4]);
	apic_eoi();
}

/* In service: sends a lower one, one of its own class and a higher one, and lets them come. */
static void nesting(struct trap_frame *f, void *arg)
{
	irq_note('(');
	apic_self_ipi(0x41);
	apic_self_ipi(0x5f);
	apic_self_ipi(0x71);
	irq_open();
	irq_note('e');
	apic_eoi();
	irq_open();
	irq_note(')');
}

static void bind(trap_fn *fn, unsigned first, unsigned last)
{
	for (unsigned v = first; v <= last; v++)
		trap_bind(v, fn, NULL);
}

static void send(const uint8_t *vectors)
{
	irq_clear();
	while (*vectors)
		apic_self_ipi(*vectors++);
}

static bool bit_of(unsigned reg, unsigned vector)
{
	return apic_read(reg + vector / 32 * 16) >> vector % 32 & 1;
}

static void windows(const char *mode)
{
	char name[80];

	probe_catch(VECTOR);
	for (const struct snippet *s = irq_cases; s->name; s++) {
		struct probe p = { .regs.rflags = 0 };

		apic_self_ipi(VECTOR);
		probe_run(&p, s);
		asm volatile("mov %0, %%cr8" : : "r"(0ul));
		format(name, sizeof(name), "%s, %s", s->name, mode);
		report(name, "%s", probe_text(&p));
		if (p.done)
			probe_plain(&p, &irq_cases[1], false);
		apic_eoi();
	}
}

static void order(void)
{
	bind(plain, 0x31, 0x7f);
	send((const uint8_t[]){ 0x41, 0x61, 0x51, 0 });
	report_bool("IRR while interrupts are off", bit_of(APIC_IRR, 0x61));
	report_bool("ISR while interrupts are off", bit_of(APIC_ISR, 0x61));
	irq_open();
	report("three pending, highest first", "%s", irq_notes());
	report_bool("IRR afterwards", bit_of(APIC_IRR, 0x61));
	send((const uint8_t[]){ 0x41, 0x41, 0x41, 0 });
	irq_open();
	report("the same vector three times while pending", "%s", irq_notes());
	trap_bind(0x51, nesting, NULL);
	send((const uint8_t[]){ 0x51, 0 });
	irq_open();
	report("nested, e: end of interrupt", "%s", irq_notes());
	bind(plain, 0x51, 0x51);
}

static void priorities(void)
{
	uint64_t cr8;

	apic_write(APIC_TPR, 0x50);
	asm volatile("mov %%cr8, %0" : "=r"(cr8));
	report("CR8 with TPR 0x50", "%#lx", cr8);
	report("PPR with TPR 0x50", "%#x", apic_read(APIC_PPR));
	send((const uint8_t[]){ 0x41, 0x5f, 0x61, 0 });
	irq_open();
	report("TPR 0x50 lets through", "%s", irq_notes());
	irq_clear();
	apic_write(APIC_TPR, 0);
	irq_open();
	report("TPR 0 lets the others through", "%s", irq_notes());
	asm volatile("mov %0, %%cr8" : : "r"(6ul));
	report("TPR with CR8 6", "%#x", apic_read(APIC_TPR));
	send((const uint8_t[]){ 0x61, 0x71, 0 });
	irq_open();
	report("CR8 6 lets through", "%s", irq_notes());
	irq_clear();
	irq_enable();
	asm volatile("mov %0, %%cr8" : : "r"(5ul) : "memory");
	asm volatile("nop; nop; cli" : : : "memory");
	report("CR8 5 lets the other one through", "%s", irq_notes());
	asm volatile("mov %0, %%cr8" : : "r"(0ul));
	apic_write(APIC_TPR, 0x2f);
	report("TPR keeps its low half", "%#x", apic_read(APIC_TPR));
	apic_write(APIC_TPR, 0);
}

static void show_service(struct trap_frame *f, void *arg)
{
	char *t = arg;

	format(t, 64, "ISR %d, IRR %d, PPR %#x", bit_of(APIC_ISR, 0x61), bit_of(APIC_IRR, 0x61),
	       apic_read(APIC_PPR));
	apic_eoi();
}

static void service(void)
{
	static char shown[64];

	trap_bind(0x61, show_service, shown);
	send((const uint8_t[]){ 0x61, 0 });
	irq_open();
	report("in its handler", "%s", shown);
	report("after its end, ISR", "%d", bit_of(APIC_ISR, 0x61));
	bind(plain, 0x61, 0x61);
	apic_eoi();
	report("end of interrupt with none in service, PPR", "%#x", apic_read(APIC_PPR));
}

static void errors(void)
{
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	report("ESR at first", "%#x", apic_read(APIC_ESR));
	apic_self_ipi(5);
	apic_write(APIC_ESR, 0);
	report("ESR after an IPI of vector 5", "%#x", apic_read(APIC_ESR));
	apic_write(APIC_ESR, 0);
	report("ESR read again", "%#x", apic_read(APIC_ESR));
	apic_write(APIC_SVR, APIC_SPURIOUS_VECTOR);
	send((const uint8_t[]){ 0x61, 0 });
	irq_open();
	report("APIC disabled by SVR, then", "%s", irq_notes());
	apic_write(APIC_LVT_TIMER, 0x40);
	report("LVT written while disabled", "%#x", apic_read(APIC_LVT_TIMER));
	apic_write(APIC_SVR, BIT(8) | APIC_SPURIOUS_VECTOR);
	irq_open();
	report("APIC enabled again, then", "%s", irq_notes());
	report("SVR", "%#x", apic_read(APIC_SVR));
}

static unsigned nmis;

/* The first one sends another, which must wait for this one's IRET. */
static void nmi(struct trap_frame *f, void *arg)
{
	irq_note('[');
	if (!nmis++) {
		apic_write(APIC_ICR, ICR_NMI_SELF);
		cpu_relax();
	}
	irq_note(']');
}

static void nmi_once(struct trap_frame *f, void *arg)
{
	irq_note('n');
}

static void non_maskable(void)
{
	trap_bind(TRAP_NMI, nmi_once, NULL);
	irq_clear();
	apic_write(APIC_ICR, ICR_NMI_SELF);
	cpu_relax();
	report("NMI with interrupts off", "%s", irq_notes());
	trap_bind(TRAP_NMI, nmi, NULL);
	irq_clear();
	apic_write(APIC_ICR, ICR_NMI_SELF);
	cpu_relax();
	report("NMI sent in the handler of one", "%s", irq_notes());
	probe_catch(TRAP_NMI);
}

static void x2apic(void)
{
	report("x2APIC, APIC_BASE", "%#lx", rdmsr(0x1b));
	report("x2APIC, ID", "%#x", apic_read(APIC_ID));
	report("x2APIC, LDR", "%#x", apic_read(APIC_LDR));
	wrmsr(0x83f, 0x61);
	irq_clear();
	irq_open();
	report("x2APIC, SELF_IPI", "%s", irq_notes());
	msr_report_write("x2APIC, SELF_IPI with a reserved bit", 0x83f, 0x161);
	msr_report_read("x2APIC, SELF_IPI read", 0x83f);
	msr_report_read("x2APIC, EOI read", 0x80b);
	msr_report_write("x2APIC, EOI not zero", 0x80b, 1);
	msr_report_write("x2APIC, ID written", 0x802, 0);
	msr_report_write("x2APIC, LDR written", 0x80d, 1);
	msr_report_read("x2APIC, DFR", 0x80e);
	msr_report_read("x2APIC, high half of ICR", 0x831);
	msr_report_write("x2APIC, TPR", 0x808, 0x20);
	msr_report_write("x2APIC, TPR with a reserved bit", 0x808, 0x100);
	msr_report_write("x2APIC, TPR back", 0x808, 0);
	msr_report_write("x2APIC, ESR not zero", 0x828, 1);
	msr_report_write("x2APIC, SVR with a reserved bit", 0x80f, 0x10000);
	msr_report_write("x2APIC, ICR with a reserved bit", 0x830, 0x100000);
	msr_report_read("x2APIC, a register that is not there", 0x804);
	msr_report_read("x2APIC, the last number", 0x8ff);
	msr_report_write("x2APIC to xAPIC at once", 0x1b, 0xfee00900);
	report("x2APIC, the page is nothing", "%#x", *(volatile uint32_t *)(APIC_PAGE + APIC_ID));
}

static void disabled(void)
{
	wrmsr(0x1b, 0xfee00100);
	report("APIC off, CPUID's bit", "%u", cpuid(1, 0).edx >> 9 & 1);
	msr_report_write("APIC off, x2APIC at once", 0x1b, 0xfee00d00);
	report("APIC off, the page is nothing", "%#x", *(volatile uint32_t *)(APIC_PAGE + APIC_ID));
	wrmsr(0x1b, 0xfee00900);
	apic_init(false);
	report("APIC on again, CPUID's bit", "%u", cpuid(1, 0).edx >> 9 & 1);
}

void area_irq(void)
{
	apic_init(false);
	windows("xAPIC");
	order();
	priorities();
	service();
	errors();
	non_maskable();
	apic_init(true);
	windows("x2APIC");
	bind(plain, 0x31, 0x7f);
	x2apic();
	disabled();
	for (unsigned v = 0x31; v <= 0x7f; v++)
		probe_catch(v);
}
