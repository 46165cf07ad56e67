/* Ring 0: other people's instructions, invalid ones, and those that look at descriptors. */
#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "guests/lib/hv.h"
#include "lib/format.h"

extern const struct snippet insn_cases[], look_cases[];

#define FLAG_ZF BIT(6)

static void look_at(const char *what, unsigned selector)
{
	for (const struct snippet *s = look_cases; s->name; s++) {
		struct probe p = { .regs.rax = selector };
		char name[64];

		probe_run(&p, s);
		format(name, sizeof(name), "%s, %s", s->name, what);
		/* LAR leaves bits 19:16 undefined. */
		if (s == look_cases)
			p.regs.rbx &= ~MASK(19, 16);
		report(name, "%s, ZF %d, rbx %#lx", probe_text(&p), !!(p.regs.rflags & FLAG_ZF),
		       p.regs.rbx);
	}
}

static int64_t vmcall(uint64_t number)
{
	int64_t result;

	asm volatile("vmcall" : "=a"(result) : "a"(number) : "memory");
	return result;
}

static int64_t vmmcall(uint64_t number)
{
	int64_t result;

	asm volatile("vmmcall" : "=a"(result) : "a"(number) : "memory");
	return result;
}

/* Either opcode works on either vendor (docs/abi.md). */
static void call_numbers(void)
{
	static const struct {
		const char *name;
		uint64_t number;
	} calls[] = { { "past the table", HV_CALL_BASE + 0xfff },
		      { "KVM's first", 1 },
		      { "zero", 0 },
		      { "all ones", ~0ull } };
	char name[64];

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		format(name, sizeof(name), "vmcall, number %s", calls[i].name);
		report(name, "%ld", vmcall(calls[i].number));
		format(name, sizeof(name), "vmmcall, number %s", calls[i].name);
		report(name, "%ld", vmmcall(calls[i].number));
	}
}

void area_insn(void)
{
	for (const struct snippet *s = insn_cases; s->name; s++) {
		struct probe p = { .regs.rdi = machine_address(machine_frame(0)) };

		probe_run(&p, s);
		probe_report(&p, s);
	}
	look_at("null", 0);
	look_at("code", SELECTOR_CODE);
	look_at("data", SELECTOR_DATA);
	look_at("user data", SELECTOR_USER_DATA);
	look_at("execute-only", SELECTOR_EXECUTE_ONLY);
	look_at("TSS", SELECTOR_TSS);
	look_at("past the GDT", SELECTOR_PAST_GDT);
	call_numbers();
}
