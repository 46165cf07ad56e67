/*
 * The time-stamp counter: it goes on, and follows writes of IA32_TSC and IA32_TSC_ADJUST (SDM 3B
 * 17.17.3); IA32_TSC_AUX is what RDTSCP and RDPID give.
 */
#include "guests/conform/case.h"
#include "guests/conform/msr_access.h"
#include "guests/conform/probe.h"
#include "guests/lib/insn.h"

extern const struct snippet tsc_cases[];

#define MSR_TSC        0x10u
#define MSR_TSC_ADJUST 0x3bu
#define MSR_TSC_AUX    0xc0000103u
#define FAR            BIT(50) /* more than anything here takes */
#define SOON           BIT(32) /* less than FAR */

static bool is_near(uint64_t a, uint64_t b)
{
	return a - b < SOON;
}

static void monotonic(void)
{
	uint64_t before = rdtsc();
	bool good = true;

	for (unsigned i = 0; i < 200; i++) {
		uint64_t now = i % 2 ? rdtsc() : rdmsr(MSR_TSC);

		good &= now > before;
		before = now;
		cpuid(0, 0);
	}
	report_bool("RDTSC and RDMSR never go back, over exits", good);
}

static void offsets(void)
{
	uint64_t adjust = rdmsr(MSR_TSC_ADJUST), start = rdtsc();

	report("TSC_ADJUST at the start", "%#lx", adjust);
	wrmsr(MSR_TSC_ADJUST, adjust + FAR);
	report_bool("TSC_ADJUST moves the TSC", is_near(rdtsc(), start + FAR));
	report("TSC_ADJUST reads back", "%#lx", rdmsr(MSR_TSC_ADJUST));
	wrmsr(MSR_TSC_ADJUST, adjust);
	report_bool("TSC_ADJUST moves it back", is_near(rdtsc(), start));
	wrmsr(MSR_TSC, 0);
	report_bool("TSC written with 0", is_near(rdtsc(), 0));
	report_bool("TSC_ADJUST follows", is_near(start + SOON, -rdmsr(MSR_TSC_ADJUST)));
	wrmsr(MSR_TSC, BIT(63));
	report_bool("TSC written with bit 63", is_near(rdtsc(), BIT(63)));
	wrmsr(MSR_TSC_ADJUST, adjust);
	report_bool("TSC_ADJUST undoes writes of the TSC", is_near(rdtsc(), start));
}

static void aux(const char *name, const struct snippet *s, bool user)
{
	struct probe p = { .user = user, .regs = { .rcx = ~0ull, .rax = ~0ull, .rdx = ~0ull } };

	probe_run(&p, s);
	report(name, "%s, %#lx", probe_text(&p), p.regs.rcx);
}

void area_tsc(void)
{
	uint64_t old = rdmsr(MSR_TSC_AUX);
	bool rdpid = cpuid(7, 0).ecx & BIT(22);
	struct probe p = { .regs = { .rax = ~0ull, .rdx = ~0ull } };

	monotonic();
	offsets();
	wrmsr(MSR_TSC_AUX, 0x12345678);
	aux("RDTSCP gives TSC_AUX", &tsc_cases[0], false);
	aux("RDTSCP gives TSC_AUX in ring 3", &tsc_cases[0], true);
	if (rdpid)
		aux("RDPID gives TSC_AUX", &tsc_cases[1], false);
	else
		report_absent("RDPID gives TSC_AUX");
	wrmsr(MSR_TSC_AUX, old);
	probe_run(&p, &tsc_cases[2]);
	report("RDTSC clears the high halves", "%s, %#lx", probe_text(&p),
	       (p.regs.rax | p.regs.rdx) >> 32);
}
