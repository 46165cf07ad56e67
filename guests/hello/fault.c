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
#define CR4_PKE       (1ul << 22)
#define MOV_BYTES     3 /* MOV CR4, RAX */
#define SECRET        0x55555554u

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

static void skip_mov(struct trap_frame *f, void *arg)
{
	f->rip += MOV_BYTES;
}

/* Protection keys are hidden. Where the processor has them all the same, whoever ran here before
   must not be seen in PKRU. */
static void fault_keys(void)
{
	uint32_t keys = 0, zero;
	uint64_t cr4;

	trap_bind(TRAP_GP, skip_mov, NULL);
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "a"(cr4 | CR4_PKE));
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	if (cr4 & CR4_PKE) {
		asm volatile("rdpkru" : "=a"(keys), "=d"(zero) : "c"(0));
		asm volatile("wrpkru" : : "a"(SECRET), "c"(0), "d"(0));
	}
	print("%s: fault keys: %s, found %#x\n", boot->name, cr4 & CR4_PKE ? "set" : "refused",
	      keys);
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
	{ "keys", fault_keys },     { "hang", fault_hang },
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
	print("%s: fault= takes triple, ud, port, msr, mmio, hypercall, keys or hang\n",
	      boot->name);
}
