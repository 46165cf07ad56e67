/*
 * What is said about verbs: usages, the lists that `help` shows, and what a mistyped name may have
 * meant.
 */
#include "guests/service/verb_parts.h"
#include "lib/string.h"

#define NAME_MOST 16 /* bytes of a name that are compared with a mistyped one */

/* How many letters are to be changed, added or taken out to make the one of the other (the usual
   table, of which one row is kept). */
static unsigned distance(const char *a, const char *b)
{
	size_t bytes = strnlen(b, NAME_MOST);
	unsigned row[NAME_MOST + 1], corner, above;

	for (size_t j = 0; j <= bytes; j++)
		row[j] = (unsigned)j;
	for (unsigned i = 0; a[i] && i < NAME_MOST; i++) {
		corner = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < bytes; j++) {
			above = row[j + 1];
			corner += a[i] != b[j];
			row[j + 1] = MIN(MIN(above, row[j]) + 1, corner);
			corner = above;
		}
	}
	return row[bytes];
}

void verb_unknown(const struct verb *table, const char *name, struct answer *a)
{
	const struct verb *nearest = NULL;
	unsigned least = NAME_MOST;

	for (const struct verb *v = table; v->name; v++) {
		unsigned d = v->group ? distance(name, v->name) : NAME_MOST;

		if (d < least) {
			least = d;
			nearest = v;
		}
	}
	/* Half of its letters may be wrong. */
	if (nearest && 2 * least <= strnlen(name, NAME_MOST))
		answer_fail(a, "%.40s: no such verb; did you mean `%s`? `help` lists them all",
			    name, nearest->name);
	else
		answer_fail(a, "%.40s: no such verb; `help` lists them all", name);
}

void verb_usage(const struct verb *v, char text[VERB_USAGE])
{
	str_copy(text, v->name, VERB_USAGE);
	for (const char *t = v->takes; *t; t++) {
		for (unsigned i = 0; i < VERB_ARGUMENTS; i++) {
			size_t n = strlen(text);

			if (verb_arguments[i].letter != verb_letter(*t) || !verb_arguments[i].usage)
				continue;
			str_copy(text + n, verb_needs(*t) ? " " : " [", VERB_USAGE - n);
			n = strlen(text);
			str_copy(text + n, verb_arguments[i].usage, VERB_USAGE - n);
			n = strlen(text);
			str_copy(text + n, verb_needs(*t) ? "" : "]", VERB_USAGE - n);
		}
	}
}

static void help_all_json(const struct verb *table, struct answer *a)
{
	static const struct answer_column columns[] = { { .name = "verb" },
							{ .name = "usage" },
							{ .name = "group" },
							{ .name = "help" },
							{ 0 } };
	char usage[VERB_USAGE];

	answer_table(a, "verbs", columns);
	for (const struct verb *v = table; v->name; v++) {
		if (!v->group)
			continue;
		verb_usage(v, usage);
		answer_row(a);
		answer_text(a, v->name);
		answer_text(a, usage);
		answer_text(a, v->group);
		answer_text(a, v->help);
	}
	answer_end(a);
}

/* Verbs of a group stand one after the other in the table. */
static void help_all(const struct verb *table, struct answer *a)
{
	const char *group = NULL;
	char usage[VERB_USAGE];

	for (const struct verb *v = table; v->name; v++) {
		if (!v->group)
			continue;
		if (!group || strcmp(group, v->group))
			answer_print(a, "%s:\n", v->group);
		group = v->group;
		verb_usage(v, usage);
		answer_print(a, "  %-22s %s\n", usage, v->help);
	}
	answer_print(a, "more:\n  %-22s %s\n", "help VERB", "usage and an example of one verb");
}

void verb_help(const struct verb *table, const char *name, struct answer *a)
{
	const struct verb *v = name ? verb_find(table, name) : NULL;
	char usage[VERB_USAGE];

	if (name && !v) {
		verb_unknown(table, name, a);
	} else if (v) {
		verb_usage(v, usage);
		answer_field(a, "usage", usage, strlen(usage));
		answer_field(a, "help", v->help ? v->help : "for tests",
			     v->help ? strlen(v->help) : 9);
		if (v->example)
			answer_field(a, "example", v->example, strlen(v->example));
	} else if (a->json) {
		help_all_json(table, a);
	} else {
		help_all(table, a);
	}
}
