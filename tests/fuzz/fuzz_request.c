// sources: guests/service/request.c guests/service/verb.c guests/service/verb_help.c
// sources: guests/service/answer.c guests/service/json.c guests/service/base64.c
// sources: lib/format.c lib/string.c
/*
 * Any bytes as a request over the control port, and as a line of the shell. Verbs that answer with
 * what they were given stand for the real ones. What the reader accepts lies within the line; the
 * answer is one line, one JSON object of printable ASCII, whatever came.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guests/service/base64.h"
#include "guests/service/request.h"
#include "tests/fuzz/fuzz.h"

#define NUMBER_MOST (1ll << 53)

static char *line; /* what the reader was given */
static size_t line_bytes;
static struct reply reply;

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* A string that the reader has left in the line. */
static void check_string(const char *s)
{
	demand(s >= line && s < line + line_bytes);
	demand(memchr(s, 0, (size_t)(line + line_bytes - s)));
}

static void check_request(const struct request *r)
{
	const char *text[] = { r->domain, r->what, r->input };

	for (int i = 0; i < 3; i++)
		if (text[i])
			check_string(text[i]);
	demand(r->seconds >= VERB_NONE && r->seconds <= NUMBER_MOST);
	demand(r->from >= VERB_NONE && r->from <= NUMBER_MOST);
}

static void run_echo(struct answer *a, const struct request *r, int detail)
{
	check_request(r);
	answer_note(a, "%s", r->domain ? r->domain : "none");
	if (r->input)
		answer_field(a, "input", r->input, strlen(r->input));
	answer_field_number(a, "seconds", (uint64_t)r->seconds, ANSWER_SECONDS);
}

static void run_table(struct answer *a, const struct request *r, int detail)
{
	static const struct answer_column columns[] = { { "name", "NAME", -6, ANSWER_PLAIN },
							{ "memory", "MEMORY", 9, ANSWER_MIB },
							{ "words", "LAST", -4, ANSWER_PLAIN },
							{ 0 } };

	check_request(r);
	answer_table(a, "domains", columns);
	for (int i = 0; i < detail; i++) {
		answer_row(a);
		answer_text(a, r->what ? r->what : "-");
		answer_number(a, (uint64_t)r->from);
		answer_text(a, r->domain ? r->domain : "\x7f\"\\\n");
	}
	answer_end(a);
}

/* As command_upgrade.c's. */
static void run_piece(struct answer *a, const struct request *r, int detail)
{
	static uint8_t piece[REQUEST_BYTES];
	int64_t bytes = r->input ? base64_decode(piece, sizeof(piece), r->input) : 0;

	demand(bytes >= -1 && bytes <= (int64_t)sizeof(piece));
	answer_note(a, "%ld %s", (long)bytes, r->crc ? r->crc : "");
}

static void run_fail(struct answer *a, const struct request *r, int detail)
{
	run_echo(a, r, detail);
	answer_fail(a, "%s: %s", r->domain, r->what ? r->what : "no");
}

/* With the arguments of commands.c's table. */
static const struct verb table[] = {
	{ "list", "", "look", "domains", NULL, run_table, 0 },
	{ "stats", "d", "look", "counters", "stats linux1", run_table, 2 },
	{ "trace", "w", "look", "events", NULL, run_table, 3 },
	{ "console", "Dif", "look", "its text", NULL, run_echo, 0 },
	{ "upgrade", "Difc", "domains", "another image", NULL, run_piece, 0 },
	{ "stop", "Ds", "domains", "ends one", "stop linux1 5", run_echo, 0 },
	{ "events", "W", "system", "on or off", NULL, run_table, 500 },
	{ "crash", "Dw", NULL, NULL, NULL, run_fail, 0 },
	{ 0 },
};

/* --- what came of the reader ---------------------------------------------------------------- */

static void check_object(const struct json_object *o)
{
	demand(o->members <= JSON_MEMBERS && o->at == line_bytes);
	for (unsigned i = 0; i < o->members; i++) {
		const struct json_member *m = &o->member[i];

		check_string(m->name);
		demand(json_find(o, m->name) == m); /* no name comes twice */
		if (m->kind == JSON_STRING)
			check_string(m->string);
		else if (m->kind == JSON_NUMBER)
			demand(m->number >= -NUMBER_MOST && m->number <= NUMBER_MOST);
	}
}

/* --- what came of the answer: its own small reader, that knows arrays ----------------------- */

static const char *at, *end;

static bool skip(const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - at) < n || memcmp(at, word, n))
		return false;
	at += n;
	return true;
}

static void read_string(void)
{
	demand(skip("\""));
	while (!skip("\"")) {
		demand(at < end && *at >= ' ' && *at < 0x7f);
		if (skip("\\u"))
			demand(end - at >= 4 && strspn(at, "0123456789abcdef") >= 4);
		else if (skip("\\"))
			demand(at < end && strchr("\"\\n", *at));
		at++;
	}
}

/* An object in it is one row of a table. */
static void read_value(int depth)
{
	static const char open[] = "{[", *const close[] = { "}", "]" };
	const char *which = at < end ? memchr(open, *at, 2) : NULL;

	if (!which) {
		if (at < end && *at == '"')
			read_string();
		else if (!skip("true") && !skip("false") && !skip("null"))
			demand(strtoull(at, (char **)&at, 10) || at[-1] == '0');
		return;
	}
	demand(depth < 3);
	at++;
	if (skip(close[which - open]))
		return;
	do {
		if (which == open) {
			read_string();
			demand(skip(":"));
		}
		read_value(depth + 1);
	} while (skip(","));
	demand(skip(close[which - open]));
}

static void check_reply(void)
{
	demand(reply.start + reply.bytes < sizeof(reply.text));
	at = reply.text + reply.start;
	end = at + reply.bytes;
	reply.text[reply.start + reply.bytes] = 0;
	demand(!strncmp(at, "{\"id\":", 6) && strstr(at, ",\"ok\":"));
	read_value(0);
	demand(skip("\n") && at == end);
}

static void set_line(const uint8_t *data, size_t size)
{
	line = malloc(size + 1);
	line_bytes = size;
	memcpy(line, data, size);
}

static void write_nowhere(void *arg, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		(void)*(volatile const char *)(text + i);
}

/* Each time in a heap block of its own, as long as the line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer typed = { .write = write_nowhere };
	struct json_object object;

	set_line(data, size);
	if (!json_read(&object, line, size))
		check_object(&object);
	demand(object.at <= size);
	free(line);
	set_line(data, size);
	request_begin(&reply, table, line, size);
	free(line);
	request_end(&reply);
	check_reply();
	set_line(data, size);
	line[line_bytes++] = 0;
	verb_run_line(table, line, &typed);
	free(line);
	return 0;
}
