/*
 * See request.h. Whether a verb was done is known only at its end, and stands in front: what it
 * says is written behind room for that, and goes if it was not done.
 */
#include "guests/service/request.h"

#include "lib/format.h"
#include "lib/string.h"

static void append(struct reply *r, const char *text, size_t bytes)
{
	if (bytes > sizeof(r->text) - r->end) {
		r->cut = true;
		return;
	}
	memcpy(r->text + r->end, text, bytes);
	r->end += bytes;
}

static void write_plain(void *arg, const char *text, size_t bytes)
{
	append(arg, text, bytes);
}

/* An answer that writes without a form of its own: for what stands in front of one. */
static struct answer plain(struct reply *r)
{
	return (struct answer){ .json = true, .write = write_plain, .arg = r };
}

static void write_escaped(void *arg, const char *text, size_t bytes)
{
	struct answer a = plain(arg);

	answer_escape(&a, text, bytes);
}

static void reset(struct reply *r)
{
	r->as_text = r->cut = false;
	r->end = REPLY_HEAD;
	r->answer = plain(r);
	str_copy(r->id, "null", sizeof(r->id));
}

static void append_text(struct reply *r, const char *text)
{
	append(r, text, strlen(text));
}

/* The id as it came: it is written where the line will be, and taken from there. */
static void take_id(struct reply *r, const struct json_member *m)
{
	struct answer a = plain(r);
	size_t bytes;

	if (!m || m->kind == JSON_NULL)
		return;
	if (m->kind == JSON_NUMBER) {
		format(r->id, sizeof(r->id), "%ld", (long)m->number);
	} else if (m->kind == JSON_STRING && strnlen(m->string, REPLY_ID + 1) <= REPLY_ID) {
		append_text(r, "\"");
		answer_escape(&a, m->string, strlen(m->string));
		append_text(r, "\"");
		bytes = r->end - REPLY_HEAD;
		memcpy(r->id, r->text + REPLY_HEAD, bytes);
		r->id[bytes] = 0;
		r->end = REPLY_HEAD;
	} else {
		answer_fail(&r->answer, "\"id\" is a number or a string of at most %u bytes",
			    REPLY_ID);
	}
}

static void take_form(struct reply *r, const struct json_member *m)
{
	if (!m)
		return;
	if (m->kind != JSON_STRING || strcmp(m->string, "text")) {
		answer_fail(&r->answer, "\"form\" is \"text\" or is left out");
		return;
	}
	append_text(r, ",\"text\":\"");
	r->as_text = true;
	r->answer.json = false;
	r->answer.write = write_escaped;
}

static void run_line(struct reply *r, const struct verb *table, const struct json_object *o,
		     const struct json_member *line)
{
	for (unsigned i = 0; i < o->members; i++) {
		const char *name = o->member[i].name;

		if (strcmp(name, "line") && strcmp(name, "id") && strcmp(name, "form"))
			answer_fail(&r->answer, "\"line\" goes without \"%.40s\"", name);
	}
	if (line->kind != JSON_STRING)
		answer_fail(&r->answer, "\"line\" is a string");
	/* The reader has left the string in the line, which is ours to change. */
	if (!r->answer.error[0])
		verb_run_line(table, (char *)(uintptr_t)line->string, &r->answer);
}

void request_begin(struct reply *r, const struct verb *table, char *line, size_t bytes)
{
	struct json_object o;
	const struct json_member *words;
	const char *wrong;

	reset(r);
	wrong = json_read(&o, line, bytes);
	if (wrong) {
		answer_fail(&r->answer, "byte %lu: %s", o.at + 1, wrong);
		return;
	}
	take_id(r, json_find(&o, "id"));
	take_form(r, json_find(&o, "form"));
	if (r->answer.error[0])
		return;
	words = json_find(&o, "line");
	if (words)
		run_line(r, table, &o, words);
	else
		verb_run_json(table, &o, &r->answer);
}

void request_refuse(struct reply *r, const char *why)
{
	reset(r);
	answer_fail(&r->answer, "%s", why);
}

void request_event(struct reply *r, const char *event)
{
	reset(r);
	r->id[0] = 0;
	append_text(r, "{\"event\":\"");
	append_text(r, event);
	append_text(r, "\"");
}

/* Behind nothing: the verb's own words are dropped. */
static void say_error(struct reply *r)
{
	struct answer a = plain(r);

	r->end = REPLY_HEAD;
	append_text(r, "{\"id\":");
	append_text(r, r->id);
	append_text(r, ",\"ok\":false");
	answer_field(&a, "error", r->answer.error, strlen(r->answer.error));
	r->start = REPLY_HEAD;
}

/* In front of what was said. */
static void say_ok(struct reply *r)
{
	char head[sizeof(r->id) + 32];
	size_t bytes = format(head, sizeof(head), "{\"id\":%s,\"ok\":true", r->id);

	r->start = REPLY_HEAD - bytes;
	memcpy(r->text + r->start, head, bytes);
}

void request_end(struct reply *r)
{
	if (r->as_text)
		append_text(r, "\"");
	if (r->end > sizeof(r->text) - 2)
		r->cut = true;
	if (r->cut)
		answer_fail(&r->answer, "the answer is too long for one line");
	if (r->answer.error[0])
		say_error(r);
	else if (r->id[0])
		say_ok(r);
	else
		r->start = REPLY_HEAD;
	append_text(r, "}\n");
	r->bytes = r->end - r->start;
}
