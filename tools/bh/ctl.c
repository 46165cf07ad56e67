/*
 * See ctl.h. The system may not be up yet, or have died in the middle of a line: a request without
 * a verb, which is refused and harmless, is repeated until its answer comes. Only then the real one
 * is sent, once.
 */
#include "tools/bh/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guests/service/json.h"
#include "tools/bh/ctl_image.h"
#include "tools/bh/ctl_link.h"
#include "tools/bh/values.h"

#define TIMEOUT_S 10
#define PING_MS   250

static const char help_text[] =
	"bh ctl [options] SOCKET [VERB [WORD...]]\n"
	"\n"
	"Sends one request to a running system and prints its answer. SOCKET is the path that\n"
	"`bh run --control` was given, or HOST:PORT of a serial port that is a TCP socket.\n"
	"`bh ctl SOCKET help` lists the verbs; without one, they are read from standard input.\n"
	"`upgrade NAME FILE` sends the file: the domain is restarted into that image.\n"
	"\n"
	"  --json          prints the answer as it came: one JSON object. The one word\n"
	"                  '{\"verb\":...}' is sent as it is\n"
	"  --timeout S     waits so long for the system and its answer (10)\n"
	"\n"
	"Exit status: 0 done, 1 refused, 2 no connection or no answer.\n";

static struct {
	bool json;
	unsigned timeout;
	const char *where;
	struct ctl_link link;
	char id[32];
	unsigned requests;
} c;

/* --- requests ------------------------------------------------------------------------------- */

static bool add(char *out, size_t size, const char *text)
{
	size_t n = strlen(out);

	return (size_t)snprintf(out + n, size - n, "%s", text) < size - n;
}

static bool add_escaped(char *out, size_t size, const char *text)
{
	bool fits = true;

	for (; *text && fits; text++) {
		char code[] = { '\\', *text, 0 };

		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
		fits = add(out, size, code + (*text != '"' && *text != '\\'));
	}
	return fits;
}

bool ctl_request(char *out, size_t size, const char *id, char *const *words, bool json)
{
	bool fits;

	*out = 0;
	if (words[0][0] == '{' && !words[1])
		return add(out, size, words[0]) && add(out, size, "\n");
	fits = add(out, size, "{\"id\":\"") && add(out, size, id) &&
	       add(out, size, json ? "\",\"line\":\"" : "\",\"form\":\"text\",\"line\":\"");
	for (; *words && fits; words++)
		fits = add_escaped(out, size, *words) && (!words[1] || add(out, size, " "));
	return fits && add(out, size, "\"}\n");
}

/* --- answers -------------------------------------------------------------------------------- */

static bool is_answer(const char *line, const char *id)
{
	char head[64];

	if (!*id)
		return strncmp(line, "{\"id\":", 6) == 0;
	snprintf(head, sizeof(head), "{\"id\":\"%s\",", id);
	return strncmp(line, head, strlen(head)) == 0;
}

/* Into link.line; lines of others and events pass by. */
static bool wait_answer(const char *id, int ms)
{
	do
		if (!ctl_receive(&c.link, ms))
			return false;
	while (!is_answer(c.link.line, id));
	return true;
}

static bool wake(void)
{
	char ping[64], id[40];

	for (unsigned tries = 0; tries * PING_MS < c.timeout * 1000; tries++) {
		snprintf(id, sizeof(id), "%s-%u", c.id, c.requests++);
		snprintf(ping, sizeof(ping), "\n{\"id\":\"%s\"}\n", id);
		if (!ctl_send(&c.link, ping))
			break;
		if (wait_answer(id, PING_MS))
			return true;
	}
	report("%s: the system does not answer; has it a domain with the right `console`?",
	       c.where);
	return false;
}

static int show(char *line, bool json)
{
	bool ok = strstr(line, "\"ok\":true");
	const struct json_member *m;
	struct json_object o;

	if (json || json_read(&o, line, strlen(line))) {
		puts(line);
		return ok ? CTL_OK : CTL_REFUSED;
	}
	m = json_find(&o, "ok");
	ok = m && m->kind == JSON_TRUE;
	m = json_find(&o, ok ? "text" : "error");
	if (m && m->kind == JSON_STRING)
		fprintf(ok ? stdout : stderr, ok ? "%s" : "%s\n", m->string);
	return ok ? CTL_OK : CTL_REFUSED;
}

static void next_id(char id[40])
{
	snprintf(id, 40, "%s-%u", c.id, c.requests++);
}

/* Sends it and waits; false after saying that no answer came. */
static bool answered(const char *request, const char *id)
{
	if (ctl_send(&c.link, request) && wait_answer(id, (int)c.timeout * 1000))
		return true;
	report("%s: no answer within %u seconds", c.where, c.timeout);
	return false;
}

static int ask(char *const *words)
{
	char request[CTL_REQUEST], id[40];
	bool raw = words[0][0] == '{' && !words[1];

	next_id(id);
	if (!ctl_request(request, sizeof(request), id, words, c.json)) {
		report("the request is too long, or has control characters");
		return CTL_REFUSED;
	}
	if (!answered(request, raw ? "" : id))
		return CTL_NO_CONNECTION;
	return show(c.link.line, c.json || raw);
}

/* ctl_ask_fn: of a piece only its refusal is shown. */
static int ask_members(const char *members, bool last)
{
	char request[CTL_REQUEST + 64], id[40];

	next_id(id);
	snprintf(request, sizeof(request), "{\"id\":\"%s\"%s,%s}\n", id,
		 c.json ? "" : ",\"form\":\"text\"", members);
	if (!answered(request, id))
		return CTL_NO_CONNECTION;
	if (!last && strstr(c.link.line, "\"ok\":true"))
		return CTL_OK;
	return show(c.link.line, c.json);
}

/* --- the verb ------------------------------------------------------------------------------- */

static int shell(void)
{
	bool terminal = isatty(STDIN_FILENO);
	int status = CTL_OK;
	char line[512];

	if (terminal)
		printf("verbs as in the system's own shell; `help` lists them, Ctrl-D leaves\n");
	for (;;) {
		char *words[] = { line, NULL };

		if (terminal)
			printf("bulkhead> ");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			return status;
		line[strcspn(line, "\n")] = 0;
		if (line[strspn(line, " ")])
			status = ask(words);
		if (status == CTL_NO_CONNECTION)
			return status;
	}
}

/* After `events on`: until the system or the user ends it. */
static int follow(void)
{
	do
		fflush(stdout);
	while (ctl_receive(&c.link, -1) && puts(c.link.line) >= 0);
	return CTL_OK;
}

static int usage(const char *what)
{
	report("%s; bh ctl --help", what);
	return CTL_NO_CONNECTION;
}

/* -1: go on. */
static int options(int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
					       { "timeout", required_argument, NULL, 't' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	uint64_t seconds;
	int option;

	c.timeout = TIMEOUT_S;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'j') {
			c.json = true;
		} else if (option == 't') {
			if (!value_number(optarg, 86400, &seconds) || !seconds)
				return usage("--timeout: no seconds");
			c.timeout = (unsigned)seconds;
		} else {
			fputs(option == 'h' ? help_text : "", stdout);
			return option == 'h' ? CTL_OK : CTL_NO_CONNECTION;
		}
	}
	return -1;
}

int ctl(int argc, char **argv)
{
	int status = options(argc, argv);
	char **words = argv + optind + 1;

	if (status >= 0)
		return status;
	if (optind == argc)
		return usage("no socket");
	c.where = argv[optind];
	snprintf(c.id, sizeof(c.id), "ctl-%d", (int)getpid());
	if (!ctl_connect(&c.link, c.where) || !wake())
		return CTL_NO_CONNECTION;
	if (!*words)
		return shell();
	if (!strcmp(words[0], "upgrade") && words[1] && words[2] && !words[3])
		return ctl_upgrade(words[1], words[2], ask_members);
	status = ask(words);
	if (status == CTL_OK && !strcmp(words[0], "events") && words[1] && !strcmp(words[1], "on"))
		return follow();
	return status;
}
