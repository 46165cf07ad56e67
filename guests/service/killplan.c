/*
 * See killplan.h. Two deaths of five are at a named point, one of four by the timer from the start
 * on, while the instance recovers, the rest by the timer after some doorbell.
 */
#include "guests/service/killplan.h"

#define NAMED_OF_100 40
#define EARLY_OF_100 25
#define RESET_OF_100 15
#define SKIP_BITS    6

/* splitmix64: every bit of the state counts in every bit of the result. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t *state, uint64_t n)
{
	return n ? next(state) % n : 0;
}

void killplan_make(struct killplan *p, const struct killplan_words *w, unsigned incarnation)
{
	uint64_t state = w->seed * 0x100000001b3ull + incarnation;
	unsigned kind = (unsigned)below(&state, 100);
	bool early = kind < EARLY_OF_100;

	*p = (struct killplan){
		.named = w->names && kind >= 100 - NAMED_OF_100,
		.name = (unsigned)below(&state, w->names),
		.after = below(&state, 2),
		.skip = (unsigned)below(&state, 1ull << below(&state, SKIP_BITS)),
		.doorbells = 1 + (unsigned)below(&state, w->doorbells),
		.ns = (uint32_t)below(&state, early ? w->early_ns : w->ns),
		.reset = below(&state, 100) < RESET_OF_100 && incarnation <= w->resets,
	};
	if (early || (p->named && below(&state, 3) == 0))
		p->doorbells = 0;
}
