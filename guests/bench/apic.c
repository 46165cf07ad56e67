/* The local APIC: a register read, and an interrupt to oneself until its EOI, in both modes. */
#include "guests/bench/bench.h"

#include <stddef.h>

#include "guests/lib/apic.h"
#include "guests/lib/insn.h"
#include "guests/lib/mmio.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define X2APIC_MSR_SVR (0x800u + APIC_SVR / 16)

static volatile uint64_t taken;

static void ipi(struct trap_frame *frame, void *arg)
{
	taken++;
	apic_eoi();
}

static const char *use_xapic(void)
{
	trap_bind(VECTOR_IPI, ipi, NULL);
	apic_init(false);
	return NULL;
}

static const char *use_x2apic(void)
{
	if (!(cpuid(1, 0).ecx & CPUID_X2APIC))
		return "no x2APIC";
	trap_bind(VECTOR_IPI, ipi, NULL);
	apic_init(true);
	return NULL;
}

static void run_xapic_read(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		readl((const volatile void *)(APIC_PAGE + APIC_SVR));
}

static void run_x2apic_read(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		asm volatile("rdmsr" : : "c"(X2APIC_MSR_SVR) : "eax", "edx", "memory");
}

static void run_self_ipi(unsigned rounds)
{
	irq_enable();
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t before = taken;

		apic_self_ipi(VECTOR_IPI);
		while (taken == before)
			cpu_relax();
	}
	irq_disable();
}

const struct path apic_paths[] = {
	{ "apic-read-xapic", use_xapic, run_xapic_read, 0, NULL },
	{ "self-ipi-xapic", use_xapic, run_self_ipi, 0, NULL },
	{ "apic-read-x2apic", use_x2apic, run_x2apic_read, 0, NULL },
	{ "self-ipi-x2apic", use_x2apic, run_self_ipi, 0, NULL },
	{ NULL, NULL, NULL, 0, NULL },
};
