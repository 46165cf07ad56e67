/*
 * Floating-point and vector state: kept across exits, XSETBV's rules (SDM 1 13.3, SDM 2C), what
 * CR4.OSXSAVE and XCR0 show in CPUID.
 */
#include "guests/conform/case.h"
#include "guests/conform/control.h"
#include "guests/conform/machine.h"
#include "guests/conform/probe.h"
#include "guests/lib/insn.h"

extern const struct snippet fpu_state_cases[], xsetbv_cases[], avx_cases[];

#define XCR0_X87      BIT(0)
#define XCR0_SSE      BIT(1)
#define XCR0_AVX      BIT(2)
#define CPUID_OSXSAVE BIT(27)

static void run(const struct snippet *table)
{
	for (const struct snippet *s = table; s->name; s++) {
		struct probe p = { .regs.rdi = machine_address(machine_frame(12)) };

		probe_run(&p, s);
		if (p.done)
			report(s->name, "ok, eax %#lx", p.regs.rax);
		else
			report(s->name, "%s", probe_text(&p));
	}
}

static void xsetbv(const char *name, uint32_t xcr, uint64_t value)
{
	struct probe p = { .regs = { .rcx = xcr, .rax = (uint32_t)value, .rdx = value >> 32 } };

	probe_run(&p, &xsetbv_cases[0]);
	if (p.done) {
		p.regs.rcx = 0;
		probe_run(&p, &xsetbv_cases[1]);
		report(name, "%s, XCR0 %#lx", probe_text(&p), p.regs.rdx << 32 | p.regs.rax);
	} else {
		report(name, "%s", probe_text(&p));
	}
}

static void xcr0(void)
{
	struct probe p = { .regs.rcx = 2 };

	xsetbv("XCR0 = x87", 0, XCR0_X87);
	xsetbv("XCR0 = x87, SSE", 0, XCR0_X87 | XCR0_SSE);
	xsetbv("XCR0 = x87, SSE, AVX", 0, XCR0_X87 | XCR0_SSE | XCR0_AVX);
	xsetbv("XCR0 = 0", 0, 0);
	xsetbv("XCR0 = SSE without x87", 0, XCR0_SSE);
	xsetbv("XCR0 = AVX without SSE", 0, XCR0_X87 | XCR0_AVX);
	xsetbv("XCR0, part of AVX-512", 0, XCR0_X87 | XCR0_SSE | XCR0_AVX | BIT(5));
	xsetbv("XCR0, bit 62", 0, XCR0_X87 | XCR0_SSE | BIT(62));
	xsetbv("XCR0, bit 63", 0, XCR0_X87 | XCR0_SSE | BIT(63));
	xsetbv("XCR1", 1, XCR0_X87);
	probe_run(&p, &xsetbv_cases[1]);
	report("XGETBV of number 2", "%s", probe_text(&p));
	p = (struct probe){ .user = true, .regs.rax = XCR0_X87 };
	probe_run(&p, &xsetbv_cases[0]);
	report("XSETBV in ring 3", "%s", probe_text(&p));
}

static void sizes(void)
{
	struct probe p = { .regs.rax = XCR0_X87 };

	probe_run(&p, &xsetbv_cases[0]);
	report("CPUID leaf 0xd, size with x87 only", "%u", cpuid(0xd, 0).ebx);
	p = (struct probe){ .regs.rax = XCR0_X87 | XCR0_SSE };
	probe_run(&p, &xsetbv_cases[0]);
	report("CPUID leaf 0xd, size with SSE", "%u", cpuid(0xd, 0).ebx);
	p = (struct probe){ .regs.rax = XCR0_X87 | XCR0_SSE | XCR0_AVX };
	probe_run(&p, &xsetbv_cases[0]);
	report("CPUID leaf 0xd, size with AVX", "%u", cpuid(0xd, 0).ebx);
	report("CPUID leaf 0xd, place of AVX", "%u at %u", cpuid(0xd, 2).eax, cpuid(0xd, 2).ebx);
}

void area_fpu(void)
{
	uint64_t cr4 = control_read(4);

	run(fpu_state_cases);
	report_bool("CPUID.OSXSAVE without CR4.OSXSAVE", cpuid(1, 0).ecx & CPUID_OSXSAVE);
	control_write(4, cr4 | CR4_OSXSAVE);
	report_bool("CPUID.OSXSAVE with CR4.OSXSAVE", cpuid(1, 0).ecx & CPUID_OSXSAVE);
	xcr0();
	sizes();
	run(avx_cases);
	control_write(4, cr4);
}
