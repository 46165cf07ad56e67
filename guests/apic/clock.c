/* Time on several vCPUs: TSC, KVM's clock and steal time (Linux
   Documentation/virt/kvm/x86/msr.rst). However the vCPUs take turns, nobody may read less than
   somebody read before. */
#include "guests/apic/check.h"
#include "guests/apic/smp.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/kvm_clock.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define MSR_TSC_ADJUST 0x3bu
#define MSR_TSC_AUX    0xc0000103u
#define MSR_SYSTEM_OLD 0x12u
#define MSR_STEAL      0x4b564d03u
#define ENABLED        1u
#define CLOCK_STABLE   1u
#define READS          100000u
#define CPUID_KVM      0x40000101u
#define KVM_STABLE     BIT(24)
#define CPUID_RDTSCP   BIT(27)

struct steal_time {
	uint64_t steal;
	uint32_t version, flags;
	uint8_t preempted, pad[47];
};

static struct system_time pages[SMP_VCPUS] ALIGNED(4096);
static struct steal_time steals[SMP_VCPUS] ALIGNED(64);
static uint64_t latest, backwards;
static uint32_t system_msr;
static uint64_t aux[SMP_VCPUS];

static uint64_t clock_of(const volatile struct system_time *t)
{
	uint64_t ns, delta;
	uint32_t version;

	do {
		version = t->version;
		asm volatile("lfence" : : : "memory");
		delta = rdtsc() - t->tsc_timestamp;
		delta = t->shift < 0 ? delta >> -t->shift : delta << t->shift;
		ns = (uint64_t)((unsigned __int128)delta * t->mul >> 32) + t->system_time;
		asm volatile("" : : : "memory");
	} while (version & 1 || version != t->version);
	return ns;
}

static uint64_t by_tsc(unsigned id)
{
	asm volatile("lfence" : : : "memory");
	return rdtsc();
}

static uint64_t by_page(unsigned id)
{
	return clock_of(&pages[id]);
}

static uint64_t by_first_page(unsigned id)
{
	return clock_of(&pages[0]);
}

static uint64_t (*read_clock)(unsigned id);

static void race(void)
{
	unsigned id = smp_id(); /* by CPUID, which exits */

	for (unsigned i = 0; i < READS / boot->vcpus; i++) {
		uint64_t old = __atomic_load_n(&latest, __ATOMIC_SEQ_CST), now = read_clock(id);

		if (now < old)
			__atomic_fetch_add(&backwards, 1, __ATOMIC_SEQ_CST);
		while (now > old &&
		       !__atomic_compare_exchange_n(&latest, &old, now, false, __ATOMIC_SEQ_CST,
						    __ATOMIC_SEQ_CST))
			;
	}
}

static void monotonic(const char *what, uint64_t (*fn)(unsigned id))
{
	bool done = true;

	read_clock = fn;
	latest = backwards = 0;
	for (unsigned i = 1; i < boot->vcpus; i++)
		smp_give(i, race);
	race();
	for (unsigned i = 1; i < boot->vcpus; i++)
		done &= smp_done(i);
	check(what, done ? backwards : ~0ull, 0);
}

static void register_page(void)
{
	wrmsr(system_msr, (uint64_t)(uintptr_t)&pages[smp_id()] | ENABLED);
}

static void all(smp_fn *fn)
{
	fn();
	smp_do_others(fn);
}

static void system_clock(void)
{
	uint64_t stable = !!(cpuid(CPUID_KVM, 0).eax & KVM_STABLE);

	system_msr = MSR_SYSTEM_OLD;
	all(register_page);
	monotonic("KVM's clock by the old numbers does not go back", by_page);
	system_msr = MSR_SYSTEM_TIME;
	all(register_page);
	monotonic("KVM's clock by the new ones, neither", by_page);
	check("it is stable where CPUID says so", pages[0].flags & CLOCK_STABLE, stable);
	if (stable)
		monotonic("one page serves all", by_first_page);
}

static void move_on(void)
{
	wrmsr(MSR_TSC_ADJUST, rdmsr(MSR_TSC_ADJUST) + BIT(40));
}

static void move_back(void)
{
	wrmsr(MSR_TSC_ADJUST, rdmsr(MSR_TSC_ADJUST) - BIT(40));
}

/* The first vCPU's own TSC is what this file waits by. */
static void moved_apart(void)
{
	uint64_t was = pages[0].flags & CLOCK_STABLE;
	unsigned last = boot->vcpus - 1u;

	smp_do(last, move_on);
	smp_sleep();
	check("TSCs apart: no page is stable", (pages[0].flags | pages[last].flags) & CLOCK_STABLE,
	      0);
	monotonic("but each vCPU's own agrees with the others", by_page);
	smp_do(last, move_back);
	smp_sleep();
	check("together again: as before", pages[0].flags & pages[last].flags & CLOCK_STABLE, was);
}

static void set_aux(void)
{
	wrmsr(MSR_TSC_AUX, 0x1000 + smp_id());
}

static void get_aux(void)
{
	uint32_t low, high, value;

	asm volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(value));
	aux[smp_id()] = value == 0x1000 + smp_id();
}

static void own_aux(void)
{
	uint64_t good = 0;

	if (!(cpuid(0x80000001, 0).edx & CPUID_RDTSCP))
		return;
	all(set_aux);
	all(get_aux);
	for (unsigned i = 0; i < boot->vcpus; i++)
		good += aux[i];
	check("RDTSCP gives each vCPU its own TSC_AUX", good, boot->vcpus);
}

static bool busy;

static void spin(void)
{
	while (__atomic_load_n(&busy, __ATOMIC_RELAXED))
		;
}

static void register_steal(void)
{
	wrmsr(MSR_STEAL, (uint64_t)(uintptr_t)&steals[smp_id()] | ENABLED);
}

static void unregister(void)
{
	wrmsr(MSR_STEAL, 0);
	wrmsr(system_msr, 0);
}

/* "shared": the vCPUs have one CPU, so that one which would run on is preempted while this runs. */
static void preempted(void)
{
	volatile struct steal_time *s = &steals[1];
	bool shared = boot_option("shared", NULL);
	uint64_t stolen;

	all(register_steal);
	stolen = s->steal;
	__atomic_store_n(&busy, true, __ATOMIC_RELAXED);
	smp_give(1, spin);
	for (unsigned i = 0; i < 20; i++)
		smp_sleep();
	if (shared)
		check("a vCPU that was put off is preempted", s->preempted, 1);
	else
		check("a vCPU with a CPU of its own is not preempted", s->preempted, 0);
	__atomic_store_n(&busy, false, __ATOMIC_RELAXED);
	check("it ends", smp_done(1), 1);
	check("a vCPU that sleeps is not preempted", s->preempted, 0);
	if (shared)
		check("time was stolen from it", s->steal > stolen, 1);
	all(unregister);
}

void clock_cases(void)
{
	monotonic("the TSC does not go back from vCPU to vCPU", by_tsc);
	system_clock();
	moved_apart();
	own_aux();
	preempted();
}
