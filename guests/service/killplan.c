/*
 * See killplan.h. One death of two is at a named point, one of five by the timer from the start
 * on, while the instance recovers, the rest by the timer after some doorbell. After a death with
 * which a guest was reset comes one while the guest starts.
 */
#include "guests/service/killplan.h"

#include "lib/bits.h"

#define NAMED_OF_100 50
#define EARLY_OF_100 20
#define RESET_OF_100 45
#define SIDE_STEP    11
#define SKIP_BITS    6
#define SETUP_SKIP   2

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

static bool resets(const struct killplan_words *w, unsigned incarnation)
{
	uint64_t state = w->seed + incarnation * 0x9e3779b1ull;

	return incarnation && incarnation <= w->resets && below(&state, 100) < RESET_OF_100;
}

/* Which point, and which side of it: by turns, so that none is left out for long. */
static unsigned side(const struct killplan_words *w, unsigned incarnation, unsigned names)
{
	return (unsigned)((w->seed * SIDE_STEP + incarnation) % MAX(2 * names, 1u));
}

void killplan_make(struct killplan *p, const struct killplan_words *w, unsigned incarnation)
{
	uint64_t state = w->seed * 0x100000001b3ull + incarnation;
	unsigned kind = (unsigned)below(&state, 100);
	bool early = kind < EARLY_OF_100;

	*p = (struct killplan){
		.named = w->names && kind >= 100 - NAMED_OF_100,
		.name = side(w, incarnation, w->names) / 2,
		.after = side(w, incarnation, w->names) % 2,
		.skip = (unsigned)below(&state, 1ull << below(&state, SKIP_BITS)),
		.doorbells = 1 + (unsigned)below(&state, w->doorbells),
		.ns = (uint32_t)below(&state, early ? w->early_ns : w->ns),
		.reset = resets(w, incarnation),
	};
	if (early || (p->named && below(&state, 3) == 0))
		p->doorbells = 0;
	if (!w->setups || !resets(w, incarnation - 1))
		return;
	p->named = p->setup = true;
	p->doorbells = 0;
	p->name = side(w, incarnation, w->setups) / 2;
	p->after = side(w, incarnation, w->setups) % 2;
	p->skip = (unsigned)below(&state, SETUP_SKIP);
}
