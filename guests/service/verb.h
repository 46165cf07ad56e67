/*
 * Verbs: what the management shell and the control port understand. One table serves both; here is
 * how a request finds its verb and its arguments, from words as typed or from JSON. Pure: what
 * verbs do is in commands*.c.
 */
#ifndef GUESTS_SERVICE_VERB_H
#define GUESTS_SERVICE_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guests/service/answer.h"
#include "guests/service/json.h"

#define VERB_WORDS 4

/* What a request says beside its verb; NULL or VERB_NONE: nothing. */
struct request {
	const char *domain, *what, *input, *crc;
	int64_t seconds, from;
};

#define VERB_NONE (-1)

struct verb {
	const char *name;
	/* A letter for each argument, in the order in which it is typed; a capital one is needed:
	   D domain, W what, S seconds. The last ones are for JSON only: i input, f from,
	   c crc. */
	const char *takes;
	const char *group; /* NULL: for tests, not listed */
	const char *help, *example;
	/* detail is the next field, for verbs that share a function. */
	void (*run)(struct answer *a, const struct request *r, int detail);
	int detail;
};

/* The table ends with a NULL name. `help` is in none: it is done here. */
const struct verb *verb_find(const struct verb *table, const char *name);

/* Cuts a line into words and does what they say; answer_fail says what is wrong with them. An empty
   line is nothing. */
void verb_run_line(const struct verb *table, char *line, struct answer *a);

/* The same for an object with the members "verb" and arguments by name; "id" and "form" are the
   caller's. */
void verb_run_json(const struct verb *table, const struct json_object *o, struct answer *a);

#endif
