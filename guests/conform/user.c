/* Ring 3: each privileged instruction, and what TSD, UMIP, IOPL and the I/O map change. */
#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "guests/lib/hv.h"
#include "lib/string.h"

extern const struct snippet user_cases[];

static const struct snippet *find(const char *name)
{
	const struct snippet *s = user_cases;

	while (strcmp(s->name, name))
		s++;
	return s;
}

static void with_flags(const char *name, const char *insn, uint64_t rflags)
{
	struct probe p = { .user = true, .regs.rflags = rflags };

	probe_run(&p, find(insn));
	report(name, "%s", probe_text(&p));
}

static void call_from_user(const char *name, const char *insn, uint64_t call)
{
	struct probe p = { .user = true, .regs.rax = call };

	probe_run(&p, find(insn));
	report(name, "%s, rax %ld", probe_text(&p), (int64_t)p.regs.rax);
}

void area_user(void)
{
	probe_table(user_cases, true);
	with_flags("cli with IOPL 3", "cli", 3 << 12);
	with_flags("in al, 0x80 with IOPL 3", "in al, 0x80", 3 << 12);
	with_flags("in al, 0x80 with IOPL 2", "in al, 0x80", 2 << 12);
	with_flags("hlt with IOPL 3", "hlt", 3 << 12);
	call_from_user("vmcall of an unknown number", "vmcall", HV_CALL_BASE + 0xfff);
	call_from_user("vmmcall of an unknown number", "vmmcall", HV_CALL_BASE + 0xfff);
	call_from_user("vmcall that would end the domain", "vmcall", HV_EXIT);
	call_from_user("vmmcall that would end the domain", "vmmcall", HV_EXIT);
}
