/* See verb.h. */
#include "guests/service/verb.h"

#include "guests/service/verb_parts.h"
#include "lib/string.h"

const struct verb_argument verb_arguments[VERB_ARGUMENTS] = {
	{ 'd', "domain", "NAME" }, { 'w', "what", "WHAT" }, { 's', "seconds", "SECONDS" },
	{ 'i', "input", NULL },    { 'f', "from", NULL },   { 'c', "crc", NULL },
};

const struct verb *verb_find(const struct verb *table, const char *name)
{
	for (const struct verb *v = table; v->name; v++) {
		if (!strcmp(v->name, name))
			return v;
	}
	return NULL;
}

static bool number_of(const char *word, int64_t *number)
{
	int64_t n = 0;

	for (; *word >= '0' && *word <= '9' && n < INT32_MAX; word++)
		n = n * 10 + (*word - '0');
	*number = n;
	return !*word && n < INT32_MAX;
}

static void set_text(struct request *r, char letter, const char *text)
{
	if (letter == 'd')
		r->domain = text;
	else if (letter == 'w')
		r->what = text;
	else if (letter == 'c')
		r->crc = text;
	else
		r->input = text;
}

static bool is_number(char letter)
{
	return letter == 's' || letter == 'f';
}

static void set_number(struct request *r, char letter, int64_t number)
{
	if (letter == 's')
		r->seconds = number;
	else
		r->from = number;
}

static bool has(const struct request *r, char letter)
{
	switch (letter) {
	case 'd': return r->domain;
	case 'w': return r->what;
	case 's': return r->seconds != VERB_NONE;
	default: return true;
	}
}

static void fail_usage(const struct verb *v, struct answer *a)
{
	char usage[VERB_USAGE];

	verb_usage(v, usage);
	answer_fail(a, "usage: %s", usage);
}

static void run(const struct verb *v, const struct request *r, struct answer *a)
{
	for (const char *t = v->takes; *t; t++) {
		if (verb_needs(*t) && !has(r, verb_letter(*t))) {
			fail_usage(v, a);
			return;
		}
	}
	v->run(a, r, v->detail);
}

/* One word more than there may be tells that there are too many. */
static unsigned split(char *line, char *word[VERB_WORDS + 1])
{
	unsigned words = 0;

	while (words <= VERB_WORDS) {
		while (*line == ' ')
			*line++ = 0;
		if (!*line)
			break;
		word[words++] = line;
		while (*line && *line != ' ')
			line++;
	}
	return words;
}

/* False: a word has no place. */
static bool take_words(const struct verb *v, char **word, unsigned words, struct request *r)
{
	const char *t = v->takes;
	int64_t number;

	for (unsigned i = 0; i < words; i++, t++) {
		char letter = verb_letter(*t);

		if (!*t || letter == 'i' || letter == 'f' || letter == 'c')
			return false;
		if (!is_number(letter))
			set_text(r, letter, word[i]);
		else if (number_of(word[i], &number))
			set_number(r, letter, number);
		else
			return false;
	}
	return true;
}

void verb_run_line(const struct verb *table, char *line, struct answer *a)
{
	struct request r = { .seconds = VERB_NONE, .from = VERB_NONE };
	char *word[VERB_WORDS + 1];
	unsigned words = split(line, word);
	const struct verb *v;

	if (!words)
		return;
	if (!strcmp(word[0], "help")) {
		verb_help(table, words > 1 ? word[1] : NULL, a);
		return;
	}
	v = verb_find(table, word[0]);
	if (!v)
		verb_unknown(table, word[0], a);
	else if (!take_words(v, word + 1, words - 1, &r))
		fail_usage(v, a);
	else
		run(v, &r, a);
}

/* False after saying what is wrong with the member. */
static bool take_member(const struct verb *v, const struct json_member *m, struct request *r,
			struct answer *a)
{
	unsigned i = 0;
	const char *t = v->takes;

	while (i < VERB_ARGUMENTS && strcmp(verb_arguments[i].name, m->name))
		i++;
	while (i < VERB_ARGUMENTS && *t && verb_letter(*t) != verb_arguments[i].letter)
		t++;
	if (i == VERB_ARGUMENTS || !*t) {
		answer_fail(a, "%s takes no \"%.40s\"", v->name, m->name);
		return false;
	}
	if (is_number(verb_arguments[i].letter) ? m->kind != JSON_NUMBER || m->number < 0
						: m->kind != JSON_STRING) {
		answer_fail(a, "\"%s\" is a %s", m->name,
			    is_number(verb_arguments[i].letter) ? "number from 0 on" : "string");
		return false;
	}
	if (is_number(verb_arguments[i].letter))
		set_number(r, verb_arguments[i].letter, m->number);
	else
		set_text(r, verb_arguments[i].letter, m->string);
	return true;
}

void verb_run_json(const struct verb *table, const struct json_object *o, struct answer *a)
{
	static const struct verb for_help = { .name = "help", .takes = "w" };
	struct request r = { .seconds = VERB_NONE, .from = VERB_NONE };
	const struct json_member *name = json_find(o, "verb");
	const struct verb *v;

	if (!name || name->kind != JSON_STRING) {
		answer_fail(a, "a request has a \"verb\", a string");
		return;
	}
	v = strcmp(name->string, "help") ? verb_find(table, name->string) : &for_help;
	if (!v) {
		verb_unknown(table, name->string, a);
		return;
	}
	for (unsigned i = 0; i < o->members; i++) {
		const struct json_member *m = &o->member[i];

		if (strcmp(m->name, "verb") && strcmp(m->name, "id") && strcmp(m->name, "form") &&
		    !take_member(v, m, &r, a))
			return;
	}
	if (v == &for_help)
		verb_help(table, r.what, a);
	else
		run(v, &r, a);
}
