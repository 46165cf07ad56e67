/* Interrupts both ways at once: each vCPU asks the next one, which answers, and so on. Each
   question waits for its answer, so that none may fall together with another, be lost or come
   twice. */
#include "guests/apic/check.h"
#include "guests/apic/smp.h"
#include "guests/lib/apic.h"
#include "guests/lib/boot.h"
#include "guests/lib/insn.h"
#include "lib/bits.h"

#define ROUNDS 300u

static void ask(void)
{
	unsigned id = smp_id(), next = (id + 1) % boot->vcpus;

	for (unsigned i = 0; i < ROUNDS; i++) {
		apic_send(next, VECTOR_ASK + id);
		while (count(id, VECTOR_ANSWER) == i)
			irq_wait();
	}
}

/* Interrupts that are not waited for may fall together, but the last one comes. */
static void flood(void)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		apic_send(0, 0xc0000 | VECTOR_TEST);
}

void storm_cases(void)
{
	uint64_t asked = 0, answered = 0, wet = 0;
	bool done = true;

	counts_clear();
	for (unsigned i = 1; i < boot->vcpus; i++)
		smp_give(i, ask);
	ask();
	for (unsigned i = 1; i < boot->vcpus; i++)
		done &= smp_done(i);
	for (unsigned i = 0; i < boot->vcpus; i++) {
		asked += count((i + 1) % boot->vcpus, (uint8_t)(VECTOR_ASK + i));
		answered += count(i, VECTOR_ANSWER);
	}
	check("a storm of questions ends", done, 1);
	check("each one was taken", asked, ROUNDS * boot->vcpus);
	check("each answer, too", answered, ROUNDS * boot->vcpus);
	counts_clear();
	for (unsigned i = 1; i < boot->vcpus; i++)
		smp_give(i, flood);
	flood();
	for (unsigned i = 1; i < boot->vcpus; i++)
		done &= smp_done(i);
	for (unsigned i = 0; i < boot->vcpus; i++) {
		for (unsigned naps = 0; !count(i, VECTOR_TEST) && naps < 1000; naps++)
			smp_sleep();
		wet += count(i, VECTOR_TEST) > 0;
	}
	check("a flood to all others ends", done, 1);
	check("it reaches each", wet, boot->vcpus);
}
