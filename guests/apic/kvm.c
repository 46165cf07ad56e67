/* What CPUID announces of KVM to guests with several vCPUs (Linux
   Documentation/virt/kvm/x86/hypercalls.rst), and ends of interrupts by a word. */
#include "guests/apic/check.h"
#include "guests/apic/smp.h"

#include <stddef.h>

#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define CPUID_KVM       0x40000101u
#define KVM_PV_EOI      BIT(6)
#define KVM_FOR_SEVERAL (BIT(7) | BIT(11) | BIT(13))

#define MSR_EOI     0x4b564d04u
#define KICK_CPU    5u
#define SEND_IPI    10u
#define SCHED_YIELD 11u
#define VECTOR_EOI  0xd1
#define VECTOR_TOP  0xe1

static uint32_t word ALIGNED(4);
static uint32_t offered;
static bool halted, awake;

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	int64_t result;

	if (hv_vmmcall)
		asm volatile("vmmcall"
			     : "=a"(result)
			     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d)
			     : "memory");
	else
		asm volatile("vmcall"
			     : "=a"(result)
			     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d)
			     : "memory");
	return result;
}

static void deaf(void)
{
	__atomic_store_n(&halted, true, __ATOMIC_SEQ_CST);
	asm volatile("cli; hlt" : : : "memory");
	__atomic_store_n(&awake, true, __ATOMIC_SEQ_CST);
}

static void kicked(void)
{
	call(KICK_CPU, 0, smp_id(), 0, 0);
	deaf();
}

static void kicks(void)
{
	halted = awake = false;
	smp_give(1, deaf);
	while (!__atomic_load_n(&halted, __ATOMIC_SEQ_CST))
		smp_sleep();
	smp_sleep();
	check("a HLT without interrupts goes on", __atomic_load_n(&awake, __ATOMIC_SEQ_CST), 0);
	check("a kick", (uint64_t)call(KICK_CPU, 0, 1, 0, 0), 0);
	check("ends it", smp_done(1), 1);
	check("an early kick ends the next one", smp_do(1, kicked), 1);
}

static void ipis(void)
{
	uint64_t set = (2ull << (boot->vcpus - 1)) - 1, wanted = counts();

	counts_clear();
	check("IPIs to a set, taken", (uint64_t)call(SEND_IPI, set, 0, 0, VECTOR_TEST),
	      boot->vcpus);
	wanted = 0x11111111 & ((16ull << 4 * (boot->vcpus - 1)) - 1);
	check("by each of it", counts_when(wanted), wanted);
	counts_clear();
	check("from APIC ID 1 on", (uint64_t)call(SEND_IPI, 1, 0, 1, VECTOR_TEST), 1);
	check("the second one takes it", counts_when(0x10), 0x10);
	check("a logical one is refused", (uint64_t)call(SEND_IPI, 1, 0, 0, 0x800 | VECTOR_TEST),
	      (uint64_t)-22);
}

void kvm_cases(void)
{
	check("announced: kick, IPIs, yield", cpuid(CPUID_KVM, 0).eax & KVM_FOR_SEVERAL,
	      KVM_FOR_SEVERAL);
	kicks();
	ipis();
	check("a yield", (uint64_t)call(SCHED_YIELD, 1, 0, 0, 0), 0);
	check("a number that is none", (uint64_t)call(99, 0, 0, 0, 0), (uint64_t)-1000);
}

/* As Linux does it. */
static void end(struct trap_frame *frame, void *arg)
{
	offered = offered << 4 | (word & 1);
	if (frame->vector == VECTOR_EOI && arg) {
		apic_self_ipi(VECTOR_TOP);
		irq_gap();
	}
	if (word & 1)
		word = 0;
	else
		apic_eoi();
}

static uint32_t in_service(uint8_t vector)
{
	return apic_read(APIC_ISR + vector / 32 * 16);
}

static void ended(const char *what, uint64_t wanted)
{
	offered = 0;
	apic_self_ipi(VECTOR_EOI);
	irq_gap();
	check(what, offered, wanted);
}

/* The CPU does it itself where it is not announced, and the MSR is not there. */
void eoi_cases(void)
{
	uint64_t value = (uint64_t)(uintptr_t)&word | 1;

	if (!(cpuid(CPUID_KVM, 0).eax & KVM_PV_EOI)) {
		check("no ends by a word: no MSR for it", try_wrmsr(MSR_EOI, value) != 0, 1);
		return;
	}
	trap_bind(VECTOR_EOI, end, NULL);
	trap_bind(VECTOR_TOP, end, NULL);
	wrmsr(MSR_EOI, value);
	ended("an edge alone may be ended by a word", 1);
	check("it is not in service any more", in_service(VECTOR_EOI), 0);
	ended("and the next one, too", 1);
	trap_bind(VECTOR_EOI, end, &word);
	ended("what comes meanwhile takes that back", 0x10);
	check("nothing is in service afterwards", in_service(VECTOR_EOI) | in_service(VECTOR_TOP),
	      0);
	check("a bad address faults", try_wrmsr(MSR_EOI, BIT(45) | 1) != 0, 1);
	wrmsr(MSR_EOI, 0);
	trap_bind(VECTOR_EOI, end, NULL);
	ended("switched off: EOI as usual", 0);
}
