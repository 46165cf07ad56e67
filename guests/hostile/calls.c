/*
 * Hypercalls with wild arguments, one by one and as batches. A batch begins anywhere in the ring,
 * so that its count may run out of it; a call in it may be any, now and then the one that ends the
 * domain.
 */
#include "guests/hostile/hostile.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/lib/insn.h"
#include "lib/bits.h"

#define CALLS      30u
#define WAIT_TICKS 100000u
#define ENTRIES    64u

static struct hv_batch_entry ring[ENTRIES] ALIGNED(4096);

/* Any call but those that would end the domain, or let it hang in peace. */
void act_call(void)
{
	uint64_t call = HV_CALL_BASE + rnd_below(CALLS);
	uint64_t a = rnd_nasty();

	if (call == HV_EXIT || call == HV_WATCHDOG || call == HV_BATCH)
		return;
	if (call == HV_EVENT_WAIT)
		a = rdtsc() + rnd_below(WAIT_TICKS);
	if (rnd_below(16) == 0)
		call = rnd_nasty();
	hv_call(call, a, rnd_nasty(), rnd_nasty(), rnd_nasty(), rnd_nasty());
}

void act_batch(void)
{
	uint64_t count = rnd_below(8) ? rnd_below(ENTRIES + 2) : rnd_nasty();

	for (unsigned i = 0; i < ENTRIES; i++) {
		ring[i].call = HV_CALL_BASE + rnd_below(CALLS);
		if (ring[i].call == HV_EXIT && rnd_below(32))
			ring[i].call = rnd_nasty();
		for (unsigned j = 0; j < ARRAY_SIZE(ring[i].arg); j++)
			ring[i].arg[j] = rnd_nasty();
	}
	hv_call(HV_BATCH, rnd_below(8) ? hv_addr(ring + rnd_below(ENTRIES)) : rnd_nasty(), count, 0,
		0, 0);
}
