/* The other vCPUs: a loop that sleeps until there is work for it, and counts of interrupts. */
#include "guests/apic/smp.h"

#include <stddef.h>

#include "guests/apic/check.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "guests/lib/print.h"
#include "guests/lib/time.h"
#include "guests/lib/trap.h"
#include "lib/bits.h"

#define PATIENCE (20 * NS_PER_SEC)
#define NAP      (500 * NS_PER_US)

static uint8_t stacks[SMP_VCPUS][8192] ALIGNED(16);
static smp_fn *work[SMP_VCPUS]; /* atomic; NULL: done */
static uint16_t taken[SMP_VCPUS][256];

void smp_note(struct trap_frame *frame, void *arg)
{
	unsigned vector = (unsigned)frame->vector, sender = vector - VECTOR_ASK;

	__atomic_fetch_add(&taken[smp_id()][vector], 1, __ATOMIC_SEQ_CST);
	apic_eoi();
	if (sender < SMP_VCPUS)
		apic_send(sender, VECTOR_ANSWER);
}

unsigned count(unsigned id, uint8_t vector)
{
	return __atomic_load_n(&taken[id][vector], __ATOMIC_SEQ_CST);
}

uint64_t counts(void)
{
	uint64_t digits = 0;

	for (unsigned i = boot->vcpus; i-- > 0;)
		digits = digits << 4 | (count(i, VECTOR_TEST) & 0xf);
	return digits;
}

void counts_clear(void)
{
	for (unsigned i = 0; i < SMP_VCPUS; i++)
		for (unsigned v = 0; v < 256; v++)
			__atomic_store_n(&taken[i][v], 0, __ATOMIC_SEQ_CST);
}

void smp_sleep(void)
{
	apic_timer_oneshot(VECTOR_WORK, NAP);
	irq_wait();
}

uint64_t counts_when(uint64_t wanted)
{
	uint64_t end = time_after(PATIENCE);

	while (counts() != wanted && rdtsc() < end)
		smp_sleep();
	for (unsigned i = 0; i < 3; i++) /* what should not come */
		smp_sleep();
	return counts();
}

static void serve(void)
{
	smp_fn **mine = &work[smp_id()];

	for (;;) {
		smp_fn *fn = __atomic_load_n(mine, __ATOMIC_ACQUIRE);

		if (!fn) {
			irq_wait();
			continue;
		}
		fn();
		__atomic_store_n(mine, NULL, __ATOMIC_RELEASE);
		apic_send(0, VECTOR_WORK);
	}
}

void smp_give(unsigned id, smp_fn *fn)
{
	__atomic_store_n(&work[id], fn, __ATOMIC_RELEASE);
	apic_send(id, VECTOR_WORK);
}

bool smp_done(unsigned id)
{
	uint64_t end = time_after(PATIENCE);

	while (__atomic_load_n(&work[id], __ATOMIC_ACQUIRE) && rdtsc() < end)
		smp_sleep();
	return !__atomic_load_n(&work[id], __ATOMIC_ACQUIRE);
}

bool smp_do(unsigned id, smp_fn *fn)
{
	smp_give(id, fn);
	return smp_done(id);
}

bool smp_do_others(smp_fn *fn)
{
	bool done = true;

	for (unsigned i = 1; i < boot->vcpus; i++)
		smp_give(i, fn);
	for (unsigned i = 1; i < boot->vcpus; i++)
		done &= smp_done(i);
	return done;
}

void smp_begin(void)
{
	uint64_t started = 1;

	for (unsigned v = VECTOR_ASK; v <= VECTOR_WORK; v++)
		trap_bind(v, smp_note, NULL);
	counts_clear();
	for (unsigned i = 1; i < boot->vcpus; i++) {
		__atomic_store_n(&work[i], NULL, __ATOMIC_RELAXED);
		started += smp_start(i, stacks[i] + sizeof(stacks[i]), serve);
	}
	check("vCPUs that start", started, boot->vcpus);
}

void smp_end(void)
{
	for (unsigned i = 1; i < boot->vcpus; i++)
		smp_stop(i);
	counts_clear();
	for (unsigned i = 1; i < boot->vcpus; i++)
		apic_send(i, VECTOR_TEST);
	check("none of them takes an interrupt after an INIT", counts_when(0), 0);
}
