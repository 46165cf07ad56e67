/*
 * CPUID: what is shown and hidden whatever the processor (vmm/cpuid.def), and that leaves agree
 * with each other and with the boot page. No values of the processor's own.
 */
#include "guests/conform/case.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "lib/string.h"

enum { EAX, EBX, ECX, EDX };

static uint32_t reg(uint32_t leaf, uint32_t subleaf, unsigned n)
{
	struct cpuid c = cpuid(leaf, subleaf);

	return (&c.eax)[n];
}

/* Bits that must be there, or must not. */
static const struct {
	const char *name;
	uint32_t leaf;
	uint8_t reg, bit;
} bits[] = {
	{ "FPU", 1, EDX, 0 },
	{ "TSC", 1, EDX, 4 },
	{ "MSR", 1, EDX, 5 },
	{ "PAE", 1, EDX, 6 },
	{ "APIC", 1, EDX, 9 },
	{ "PGE", 1, EDX, 13 },
	{ "PAT", 1, EDX, 16 },
	{ "FXSR", 1, EDX, 24 },
	{ "SSE2", 1, EDX, 26 },
	{ "x2APIC", 1, ECX, 21 },
	{ "a hypervisor", 1, ECX, 31 },
	{ "ARAT", 6, EAX, 2 },
	{ "TSC_ADJUST", 7, EBX, 1 },
	{ "SYSCALL", 0x80000001, EDX, 11 },
	{ "NX", 0x80000001, EDX, 20 },
	{ "RDTSCP", 0x80000001, EDX, 27 },
	{ "long mode", 0x80000001, EDX, 29 },
	{ "MONITOR", 1, ECX, 3 },
	{ "VMX", 1, ECX, 5 },
	{ "SMX", 1, ECX, 6 },
	{ "speed stepping", 1, ECX, 7 },
	{ "thermal monitor 2", 1, ECX, 8 },
	{ "PDCM", 1, ECX, 15 },
	{ "DCA", 1, ECX, 18 },
	{ "debug store", 1, EDX, 21 },
	{ "thermal control", 1, EDX, 22 },
	{ "several threads", 1, EDX, 28 },
	{ "thermal monitor", 1, EDX, 29 },
	{ "SGX", 7, EBX, 2 },
	{ "HLE", 7, EBX, 4 },
	{ "RTM", 7, EBX, 11 },
	{ "MPX", 7, EBX, 14 },
	{ "processor trace", 7, EBX, 25 },
	{ "protection keys", 7, ECX, 3 },
	{ "WAITPKG", 7, ECX, 5 },
	{ "shadow stacks", 7, ECX, 7 },
	{ "57-bit addresses", 7, ECX, 16 },
	{ "indirect branch tracking", 7, EDX, 20 },
	{ "SVM", 0x80000001, ECX, 2 },
	{ "SKINIT", 0x80000001, ECX, 12 },
	{ "instruction-based sampling", 0x80000001, ECX, 10 },
	{ "watchdog timer", 0x80000001, ECX, 13 },
	{ "topology extensions", 0x80000001, ECX, 22 },
	{ "core performance counters", 0x80000001, ECX, 23 },
	{ "MWAITX", 0x80000001, ECX, 29 },
};

static void leaf_is_empty(const char *name, uint32_t leaf, uint32_t subleaf)
{
	struct cpuid c = cpuid(leaf, subleaf);

	report_bool(name, !(c.eax | c.ebx | c.ecx | c.edx));
}

static void text_of(const char *name, uint32_t leaf)
{
	struct cpuid c = cpuid(leaf, 0);
	char text[13] = "";

	memcpy(text, &c.ebx, 4);
	memcpy(text + 4, &c.ecx, 4);
	memcpy(text + 8, &c.edx, 4);
	report(name, "%s", text);
}

static bool vendor_is_known(void)
{
	struct cpuid c = cpuid(0, 0), x = cpuid(0x80000000, 0);
	bool intel = c.ebx == 0x756e6547 && c.edx == 0x49656e69 && c.ecx == 0x6c65746e;
	bool amd = c.ebx == 0x68747541 && c.edx == 0x69746e65 && c.ecx == 0x444d4163;

	/* AMD repeats it there, on Intel these are zero. */
	return intel ? !x.ebx : amd && x.ebx == c.ebx && x.ecx == c.ecx && x.edx == c.edx;
}

static void ranges(void)
{
	report_bool("the vendor is known, leaves 0 and 0x80000000", vendor_is_known());
	report("highest leaf", "%#x", reg(0, 0, EAX));
	report("highest leaf of ours", "%#x", reg(0x40000000, 0, EAX));
	report("highest leaf of KVM's block", "%#x", reg(0x40000100, 0, EAX));
	report("highest extended leaf", "%#x", reg(0x80000000, 0, EAX));
	text_of("our signature", 0x40000000);
	text_of("KVM's signature", 0x40000100);
	leaf_is_empty("leaf 3 is empty", 3, 0);
	leaf_is_empty("leaf 5, MONITOR, is empty", 5, 0);
	leaf_is_empty("leaf 0xa, counters, is empty", 0xa, 0);
	leaf_is_empty("leaf 0xb, third level, is empty", 0xb, 2);
	leaf_is_empty("leaf 0xd, subleaf 3, is empty", 0xd, 3);
	leaf_is_empty("leaf 0x15 is empty", 0x15, 0);
	leaf_is_empty("leaf 0x16 is empty", 0x16, 0);
	leaf_is_empty("leaf 0x12345678 is empty", 0x12345678, 0);
	leaf_is_empty("leaf 0x3fffffff is empty", 0x3fffffff, 0);
	leaf_is_empty("leaf 0x40000200 is empty", 0x40000200, 0);
	leaf_is_empty("leaf 0x8000000a, SVM, is empty", 0x8000000a, 0);
	leaf_is_empty("leaf 0x8000001f is empty", 0x8000001f, 0);
	leaf_is_empty("leaf 0xffffffff is empty", 0xffffffff, 0);
}

static void values(void)
{
	struct cpuid c = cpuid(0xb, 0);

	report("contract's version, against the boot page", "%d",
	       (int)(reg(0x40000001, 0, EAX) - boot->abi_version));
	report_bool("TSC kHz as in the boot page", reg(0x40000010, 0, EAX) == boot->tsc_khz);
	report_bool("APIC kHz as in the boot page", reg(0x40000010, 0, EBX) == boot->apic_khz);
	report_bool("KVM's block has the same frequencies",
		    reg(0x40000110, 0, EAX) == boot->tsc_khz);
	report("KVM's features but STABLE and PV_EOI", "%#x",
	       reg(0x40000101, 0, EAX) & ~(1u << 24 | 1u << 6));
	report("initial APIC ID", "%u", reg(1, 0, EBX) >> 24);
	report("logical processors", "%u", reg(1, 0, EBX) >> 16 & 0xff);
	report("leaf 0xb, threads", "ebx %u ecx %#x edx %u", c.ebx, c.ecx, c.edx);
	c = cpuid(0xb, 1);
	report("leaf 0xb, cores", "ebx %u ecx %#x edx %u", c.ebx, c.ecx, c.edx);
	report("leaf 6, all registers", "%#x %u %u %u", reg(6, 0, EAX), reg(6, 0, EBX),
	       reg(6, 0, ECX), reg(6, 0, EDX));
	report("linear address bits", "%u", reg(0x80000008, 0, EAX) >> 8 & 0xff);
	report_bool("36 to 52 physical address bits", (reg(0x80000008, 0, EAX) & 0xff) - 36u <= 16);
	report("leaf 0x80000007 but invariant TSC", "%#x", reg(0x80000007, 0, EDX) & ~(1u << 8));
	report_bool("XSAVES", reg(0xd, 1, EAX) & 8);
	report_bool("the subleaf of leaf 1 does not matter", reg(1, 0, ECX) == reg(1, 77, ECX));
}

void area_cpuid(void)
{
	uint64_t rax = ~0ull, rbx = ~0ull, rcx = ~0ull, rdx = ~0ull;

	ranges();
	values();
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		report_bool(bits[i].name, reg(bits[i].leaf, 0, bits[i].reg) & BIT(bits[i].bit));
	asm volatile("cpuid" : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx));
	report("high halves after CPUID", "%#lx", (rax | rbx | rcx | rdx) >> 32);
}
