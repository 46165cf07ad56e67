/* Exceptions: vectors, error codes, and where RIP is (SDM 3A chapter 6, APM 2 chapter 8). */
#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "guests/lib/insn.h"
#include "lib/format.h"
#include "lib/string.h"

extern const struct snippet fault_cases[], load_cases[], align_cases[], stack_cases[];

#define NOT_CANONICAL 0x800000000000ull
#define CR0_AM        BIT(18)
#define GATE_PRESENT  BIT(47)

static void own_stack(unsigned vector, bool on)
{
	uint64_t *g = machine_gate(vector);

	*g = (*g & ~MASK(34, 32)) | (on ? BIT(32) : 0);
}

/* #SS, #GP and #PF have a stack of their own: a wrong stack pointer is the case. */
static void simple(void)
{
	own_stack(12, true);
	own_stack(13, true);
	own_stack(14, true);
	for (const struct snippet *s = fault_cases; s->name; s++) {
		struct probe p = { .regs.rdi = machine_address(machine_frame(0)),
				   .regs.rsi = NOT_CANONICAL };

		probe_run(&p, s);
		probe_report(&p, s);
	}
	own_stack(12, false);
	own_stack(13, false);
	own_stack(14, false);
}

static void load(const char *what, unsigned selector)
{
	for (const struct snippet *s = load_cases; s->name; s++) {
		struct probe p = { .regs.rax = selector };
		char name[64];

		probe_run(&p, s);
		format(name, sizeof(name), "%s, %s", s->name, what);
		report(name, "%s", probe_text(&p));
		asm volatile("lldt %w0" : : "r"(0));
		machine_load_tss();
	}
}

/* FS is not loaded by name where that would leave it changed: every selector here faults or is
   data. LTR with the busy TSS is among the faults. */
static void loads(void)
{
	load("data", SELECTOR_DATA);
	load("null", 0);
	load("null with RPL 3", 3);
	load("user data", SELECTOR_USER_DATA);
	load("data that is absent", SELECTOR_ABSENT_DATA);
	load("data that is read-only", SELECTOR_READ_ONLY);
	load("code", SELECTOR_CODE);
	load("code that is execute-only", SELECTOR_EXECUTE_ONLY);
	load("TSS that is busy", SELECTOR_BUSY_TSS);
	load("LDT that is absent", SELECTOR_ABSENT_LDT);
	load("past the GDT", SELECTOR_PAST_GDT);
	load("in the LDT, of which there is none", SELECTOR_DATA | 4);
}

static uint64_t set_cr0(uint64_t set, uint64_t clear)
{
	uint64_t old;

	asm volatile("mov %%cr0, %0" : "=r"(old));
	asm volatile("mov %0, %%cr0" : : "r"((old & ~clear) | set) : "memory");
	return old;
}

static void align_with(const char *how, bool user, uint64_t rflags)
{
	for (const struct snippet *s = align_cases; s->name; s++) {
		struct probe p = { .user = user, .regs.rflags = rflags };
		char name[64];

		p.regs.rdi =
			user ? machine_user(machine_frame(0)) : machine_address(machine_frame(0));
		probe_run(&p, s);
		format(name, sizeof(name), "%s, %s", s->name, how);
		report(name, "%s", probe_text(&p));
		if (!user || !rflags)
			return;
	}
}

static void alignment(void)
{
	uint64_t cr0 = set_cr0(CR0_AM, 0);

	align_with("AM and AC, ring 3", true, FLAG_AC);
	align_with("AM and AC, ring 0", false, FLAG_AC);
	align_with("AM without AC, ring 3", true, 0);
	set_cr0(0, CR0_AM);
	align_with("AC without AM, ring 3", true, FLAG_AC);
	asm volatile("mov %0, %%cr0" : : "r"(cr0));
}

/* One change of a gate, then the event that it is for. */
static void gate(const char *name, unsigned vector, uint64_t clear, uint64_t set,
		 const char *snippet)
{
	const struct snippet *s = fault_cases;
	uint64_t *g = machine_gate(vector), old = *g;
	struct probe p = { .regs.rdi = machine_address(machine_frame(0)),
			   .regs.rsi = NOT_CANONICAL };

	while (strcmp(s->name, snippet))
		s++;
	*g = (old & ~clear) | set;
	probe_run(&p, s);
	*g = old;
	/* RIP after #DF is not defined. */
	if (p.regs.vector == TRAP_DF)
		p.rip = 0;
	report(name, "%s", probe_text(&p));
}

#define GATE_TYPE     MASK(43, 40)
#define GATE_SELECTOR MASK(31, 16)
#define SELECTOR(n)   ((uint64_t)(n) << 16)

static void gates(void)
{
	gate("int 0x90 through a gate that is absent", 0x90, GATE_PRESENT, 0, "int 0x90");
	gate("int 0x90 through a trap gate", 0x90, 0, BIT(40), "int 0x90");
	gate("int 0x90 through a task gate", 0x90, GATE_TYPE, 5ull << 40, "int 0x90");
	gate("int 0x90 through a gate of type 0", 0x90, GATE_TYPE, 0, "int 0x90");
	gate("int 0x90 through a gate to null", 0x90, GATE_SELECTOR, 0, "int 0x90");
	gate("int 0x90 through a gate to data", 0x90, GATE_SELECTOR, SELECTOR(SELECTOR_DATA),
	     "int 0x90");
	gate("int 0x90 through a gate to code that is absent", 0x90, GATE_SELECTOR,
	     SELECTOR(SELECTOR_ABSENT_CODE), "int 0x90");
	gate("int 0x90 through a gate to 32-bit code", 0x90, GATE_SELECTOR,
	     SELECTOR(SELECTOR_CODE32), "int 0x90");
	gate("int 0x90 through a gate to user code", 0x90, GATE_SELECTOR,
	     SELECTOR(SELECTOR_USER_CODE & ~3), "int 0x90");
	gate("int 0x90 through a gate past the GDT", 0x90, GATE_SELECTOR,
	     SELECTOR(SELECTOR_PAST_GDT), "int 0x90");
	gate("int3 through a gate that is absent", 3, GATE_PRESENT, 0, "int3");
	gate("int1 through a gate that is absent", 1, GATE_PRESENT, 0, "int1");
	gate("#GP through a gate that is absent", 13, GATE_PRESENT, 0, "mov rax, [rsi]");
	gate("#DE through a gate that is absent", 0, GATE_PRESENT, 0, "#DE, division by zero");
	gate("#GP through a gate to data", 13, GATE_SELECTOR, SELECTOR(SELECTOR_DATA),
	     "mov rax, [rsi]");
}

/* The stack on a page that is not there: faults while another event is delivered. #PF and #DF have
   a stack of their own where the case asks for it. */
static void stack(const char *name, unsigned snippet, unsigned with_own)
{
	const struct snippet *s = &stack_cases[snippet];
	struct probe p = { .regs.rsi = NOT_CANONICAL,
			   .regs.rdx = machine_page(9),
			   .regs.rsp = machine_page(1) };

	own_stack(with_own, true);
	probe_run(&p, s);
	own_stack(with_own, false);
	if (p.regs.vector == TRAP_DF)
		p.rip = 0;
	report(name, "%s", probe_text(&p));
}

static void stacks(void)
{
	stack("#UD on a stack that is absent", 0, TRAP_PF);
	stack("int 0x90 on a stack that is absent", 1, TRAP_PF);
	stack("#GP on a stack that is absent", 2, TRAP_PF);
	stack("#PF on a stack that is absent", 3, TRAP_DF);
}

static void idt_limit(const char *name, unsigned entries, unsigned snippet)
{
	struct PACKED {
		uint16_t limit;
		uint64_t base;
	} p, old;
	struct probe probe = { .regs.rsi = NOT_CANONICAL };

	asm volatile("sidt %0" : "=m"(old));
	p = old;
	p.limit = (uint16_t)(entries * 16 - 1);
	asm volatile("lidt %0" : : "m"(p));
	probe_run(&probe, &stack_cases[snippet]);
	asm volatile("lidt %0" : : "m"(old));
	report(name, "%s", probe_text(&probe));
}

void area_fault(void)
{
	simple();
	loads();
	alignment();
	gates();
	stacks();
	idt_limit("int 0x90 behind the end of the IDT", 0x90, 1);
}
