/*
 * What verb.c and verb_help.c share: the arguments that there are.
 */
#ifndef GUESTS_SERVICE_VERB_PARTS_H
#define GUESTS_SERVICE_VERB_PARTS_H

#include "guests/service/verb.h"

#define VERB_ARGUMENTS 6
#define VERB_USAGE     64 /* bytes of a usage */

/* Those without a usage are never typed. */
struct verb_argument {
	char letter;      /* of struct verb's `takes`, small */
	const char *name; /* in JSON */
	const char *usage;
};

extern const struct verb_argument verb_arguments[VERB_ARGUMENTS];

static inline char verb_letter(char c)
{
	return (char)(c | 0x20);
}

static inline bool verb_needs(char c)
{
	return c < 'a';
}

/* "stop NAME [SECONDS]" */
void verb_usage(const struct verb *v, char text[VERB_USAGE]);

/* Answers `help`, of one verb where there is a name. */
void verb_help(const struct verb *table, const char *name, struct answer *a);

/* Says that there is no such verb, and which may have been meant. */
void verb_unknown(const struct verb *table, const char *name, struct answer *a);

#endif
