/*
 * Things that a guest must not do, and what it gets for them: the architectural answer, printed as
 * one line that starts with "NAME: fault WHAT:", or its own end.
 */
#include "guests/hello/fault.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/trap.h"
#include "lib/string.h"

#define UNBACKED_PORT 0x1234
#define UNBACKED_MMIO 0xc8000000ul
#define UNLISTED_MSR  0x12345678u
#define NO_SUCH_CALL  (HV_CALL_BASE + 0xfff)
#define NO_SUCH_CAP   0xdeadbeefu

static void fault_triple(void)
{
	trap_triple_fault();
}

static void fault_ud(void)
{
	asm volatile("ud2");
}

static void fault_port(void)
{
	outl(UNBACKED_PORT, 1);
	print("%s: fault port: read %#x\n", boot->name, inl(UNBACKED_PORT));
}

static void fault_msr(void)
{
	uint64_t value = 0;
	int read = try_rdmsr(UNLISTED_MSR, &value);
	int written = try_wrmsr(UNLISTED_MSR, 1);

	print("%s: fault msr: read exception %d, write exception %d\n", boot->name, read - 1,
	      written - 1);
}

static void fault_mmio(void)
{
	uint32_t value = 0;
	int written = try_write32((volatile void *)UNBACKED_MMIO, 1);
	int read = try_read32((const volatile void *)UNBACKED_MMIO, &value);

	print("%s: fault mmio: read %#x, exceptions %d %d\n", boot->name, value, read - 1,
	      written - 1);
}

static void fault_hypercall(void)
{
	char byte = '!';

	print("%s: fault hypercall: unknown call %ld, wrong handle %ld, wild buffer %ld\n",
	      boot->name, hv_call(NO_SUCH_CALL, 1, 2, 3, 4, 5),
	      hv_console_write(NO_SUCH_CAP, &byte, 1),
	      hv_console_write(boot->cap[0].handle, (const void *)~0xfffull, 64));
}

static void fault_hang(void)
{
	print("%s: fault hang: goodbye\n", boot->name);
	for (;;)
		cpu_relax();
}

static const struct {
	const char *name;
	void (*commit)(void);
} misdeeds[] = {
	{ "triple", fault_triple }, { "ud", fault_ud },     { "port", fault_port },
	{ "msr", fault_msr },       { "mmio", fault_mmio }, { "hypercall", fault_hypercall },
	{ "hang", fault_hang },
};

void fault_commit(void)
{
	const char *wanted;

	if (!boot_option("fault", &wanted))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(misdeeds); i++) {
		size_t length = strlen(misdeeds[i].name);

		if (!strncmp(wanted, misdeeds[i].name, length) &&
		    (!wanted[length] || wanted[length] == ' ')) {
			misdeeds[i].commit();
			return;
		}
	}
	print("%s: fault= takes triple, ud, port, msr, mmio, hypercall or hang\n", boot->name);
}
