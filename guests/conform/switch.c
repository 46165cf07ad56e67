/*
 * Domain switches: registers that the CPU has once keep each domain's values, while another one on
 * the same CPU, the neighbour, fills them with its own. The neighbour is this guest with
 * `neighbour=MS` on its command line, for as many milliseconds.
 */
#include "guests/conform/switch.h"

#include "guests/conform/case.h"
#include "guests/conform/machine.h"
#include "guests/lib/insn.h"
#include "guests/lib/time.h"

#define WATCH_NS          (150 * NS_PER_MS)
#define CR4_OSXSAVE       BIT(18)
#define XCR0_UP_TO_X87    0x1u
#define XCR0_UP_TO_AVX512 0xe7u
#define OWN               0x12340000u
#define OTHERS            0x77770000u

void switch_fill_xmm(uint32_t number);
unsigned switch_check_xmm(uint32_t number);
void switch_fill_avx512(uint32_t number);
unsigned switch_check_avx512(uint32_t number);
void switch_fill_x87(const uint32_t *number);
unsigned switch_check_x87(const uint32_t *number);

static const struct {
	const char *name;
	uint32_t msr;
} msrs[] = {
	{ "SYSENTER_CS", 0x174 },  { "SYSENTER_ESP", 0x175 },        { "SYSENTER_EIP", 0x176 },
	{ "PAT", 0x277 },          { "STAR", 0xc0000081 },           { "LSTAR", 0xc0000082 },
	{ "CSTAR", 0xc0000083 },   { "SFMASK", 0xc0000084 },         { "FS_BASE", 0xc0000100 },
	{ "GS_BASE", 0xc0000101 }, { "KERNEL_GS_BASE", 0xc0000102 }, { "TSC_AUX", 0xc0000103 },
};

#define MSR_SYSENTER_CS 0x174u
#define MSR_PAT         0x277u

/* A selector, memory types, else any address. */
static uint64_t value_of(unsigned i, uint32_t number)
{
	switch (msrs[i].msr) {
	case MSR_SYSENTER_CS: return number >> 16;
	case MSR_PAT: return 0x0606060606060600 | (number >> 16 & 6);
	default: return number + i;
	}
}

static void fill_debug(uint64_t number)
{
	asm volatile("mov %0, %%dr0" : : "r"(number));
	asm volatile("mov %0, %%dr1" : : "r"(number + 1));
	asm volatile("mov %0, %%dr2" : : "r"(number + 2));
	asm volatile("mov %0, %%dr3" : : "r"(number + 3));
	asm volatile("mov %0, %%cr2" : : "r"(number + 4));
	asm volatile("mov %0, %%cr8" : : "r"(number >> 16 & 3));
}

static uint64_t read_debug(unsigned n)
{
	uint64_t v;

	switch (n) {
	case 0: asm volatile("mov %%dr0, %0" : "=r"(v)); break;
	case 1: asm volatile("mov %%dr1, %0" : "=r"(v)); break;
	case 2: asm volatile("mov %%dr2, %0" : "=r"(v)); break;
	case 3: asm volatile("mov %%dr3, %0" : "=r"(v)); break;
	case 4: return read_cr2();
	default: asm volatile("mov %%cr8, %0" : "=r"(v)); break;
	}
	return v;
}

static uint64_t read_cr4(void)
{
	uint64_t v;

	asm volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}

static void write_cr4(uint64_t v)
{
	asm volatile("mov %0, %%cr4" : : "r"(v));
}

static void set_xcr0(uint32_t value)
{
	asm volatile("xsetbv" : : "c"(0), "a"(value), "d"(0));
}

/* Opens AVX-512 to this guest, if the CPU has it. */
static bool open_avx512(void)
{
	if (!(cpuid(7, 0).ebx & BIT(16)))
		return false;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	set_xcr0(XCR0_UP_TO_AVX512);
	return true;
}

static void fill_vectors(bool avx512, uint32_t number)
{
	if (avx512)
		switch_fill_avx512(number);
	else
		switch_fill_xmm(number);
}

static void fill(uint32_t number)
{
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		wrmsr(msrs[i].msr, value_of(i, number));
	fill_debug(number);
}

void switch_neighbour(uint64_t ms)
{
	static const uint32_t number = OTHERS;
	uint64_t end = time_after(ms * NS_PER_MS);
	bool avx512 = open_avx512();

	while (rdtsc() < end) {
		fill(OTHERS);
		fill_vectors(avx512, OTHERS);
		switch_fill_x87(&number);
	}
}

static void check(void)
{
	static const char *const names[] = { "DR0", "DR1", "DR2", "DR3", "CR2" };

	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		report_bool(msrs[i].name, rdmsr(msrs[i].msr) == value_of(i, OWN));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		report_bool(names[i], read_debug(i) == OWN + i);
	report_bool("CR8", read_debug(5) == (OWN >> 16 & 3));
}

/* Mask and 512-bit registers; a CPU without them loses none. */
static void check_avx512(void)
{
	uint64_t cr4 = read_cr4(), end;
	unsigned lost = 0;

	if (open_avx512()) {
		end = time_after(WATCH_NS);
		switch_fill_avx512(OWN);
		while (rdtsc() < end)
			cpu_relax();
		lost = switch_check_avx512(OWN);
		set_xcr0(XCR0_UP_TO_X87);
		write_cr4(cr4);
	}
	report_bool("K0 to K7, ZMM0 to ZMM31, where there are such", !lost);
}

void area_switch(void)
{
	static const uint32_t number = OWN;
	uint64_t old[ARRAY_SIZE(msrs)], end = time_after(WATCH_NS);
	unsigned xmm, x87;

	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		old[i] = rdmsr(msrs[i].msr);
	fill(OWN);
	switch_fill_xmm(OWN);
	switch_fill_x87(&number);
	while (rdtsc() < end)
		cpu_relax();
	xmm = switch_check_xmm(OWN);
	x87 = switch_check_x87(&number);
	report_bool("XMM0 to XMM15", !xmm);
	report_bool("x87, values and control word", !x87);
	check();
	check_avx512();
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		wrmsr(msrs[i].msr, old[i]);
	fill_debug(0);
}
