/*
 * How one incarnation of the service domain shall die in a campaign: a function of the campaign's
 * seed and the incarnation's number, so that the same seed gives the same deaths. Pure.
 */
#ifndef GUESTS_SERVICE_KILLPLAN_H
#define GUESTS_SERVICE_KILLPLAN_H

#include <stdbool.h>
#include <stdint.h>

/* The command line's words, see selfkill.h. */
struct killplan_words {
	uint64_t seed, doorbells, ns, early_ns;
	uint64_t resets; /* incarnations in which the guest may be reset with this domain */
	unsigned names;  /* named points to choose from */
	unsigned setups; /* the same, for the start of a guest */
};

struct killplan {
	unsigned doorbells; /* that are waited for; 0: from the start */
	uint32_t ns;        /* then the timer runs so long; unused with a name */
	bool named;
	bool setup;    /* one of the points of a guest's start, */
	unsigned name; /* which of its list, */
	bool after;    /* ... and which side of it */
	unsigned skip; /* so often it goes well */
	bool reset;
};

void killplan_make(struct killplan *p, const struct killplan_words *w, unsigned incarnation);

#endif
