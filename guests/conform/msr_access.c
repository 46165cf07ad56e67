/* See msr_access.h. */
#include "guests/conform/msr_access.h"

#include "guests/conform/case.h"
#include "guests/conform/probe.h"

extern const struct snippet msr_insns[];

static struct probe last;

bool msr_try_read(uint32_t msr, uint64_t *value)
{
	/* RDMSR clears the high halves. */
	last = (struct probe){ .regs = { .rax = ~0ull, .rdx = ~0ull, .rcx = msr } };
	probe_run(&last, &msr_insns[0]);
	*value = last.regs.rdx << 32 | last.regs.rax;
	return last.done;
}

bool msr_try_write(uint32_t msr, uint64_t value)
{
	/* WRMSR does not look at them. */
	last = (struct probe){ .regs = { .rax = value | MASK(63, 32),
					 .rdx = value >> 32 | MASK(63, 32),
					 .rcx = msr } };
	probe_run(&last, &msr_insns[1]);
	return last.done;
}

const char *msr_fault(void)
{
	return probe_text(&last);
}

void msr_report_read(const char *name, uint32_t msr)
{
	uint64_t value;

	if (msr_try_read(msr, &value))
		report(name, "%#lx", value);
	else
		report(name, "%s", msr_fault());
}

void msr_report_write(const char *name, uint32_t msr, uint64_t value)
{
	if (msr_try_write(msr, value))
		msr_report_read(name, msr);
	else
		report(name, "%s", msr_fault());
}
