/*
 * The verbs about text: a domain's console and the hypervisor's log. The shell makes them its view;
 * a program gets what they hold, and types with "input".
 */
#include "guests/service/commands.h"

#include "guests/lib/boot.h"
#include "guests/lib/hv.h"
#include "guests/service/console.h"
#include "lib/string.h"

#define LOG_BYTES 4096 /* of its end that are shown */
#define CHUNK     512

/* Asked by the shell, which has a view; a program's text form has none. */
static bool is_shell(const struct answer *a)
{
	return !a->json && !a->arg;
}

static void console_text(struct answer *a, uint32_t domain, const struct request *r)
{
	static char text[CONSOLE_BACKLOG];
	uint64_t position = r->from == VERB_NONE ? 0 : (uint64_t)r->from;
	size_t bytes, typed;

	if (r->input) {
		typed = console_type(domain, r->input, strlen(r->input));
		if (typed < strlen(r->input)) {
			answer_fail(a, "%.40s: its console took %lu bytes and is full", r->domain,
				    typed);
			return;
		}
	}
	bytes = console_backlog(domain, &position, text, sizeof(text));
	if (a->json) {
		answer_field(a, "text", text, bytes);
		answer_field_number(a, "position", position, ANSWER_PLAIN);
	} else {
		a->write(a->arg, text, bytes);
	}
}

void command_console(struct answer *a, const struct request *r, int detail)
{
	int domain = command_domain(a, r->domain);

	if (domain < 0)
		return;
	if (!console_has((uint32_t)domain))
		answer_fail(a, "%.40s: its console is not here", r->domain);
	else if (is_shell(a))
		console_select((uint32_t)domain);
	else
		console_text(a, (uint32_t)domain, r);
}

static void log_text(struct answer *a, const struct hv_cap *cap)
{
	static char text[LOG_BYTES];
	uint64_t position = 0;
	size_t bytes = 0, skip;
	int64_t n;

	while ((n = hv_log_read(cap->handle, &position, text + bytes, CHUNK)) > 0) {
		bytes += MIN((size_t)n, (size_t)CHUNK);
		if (bytes <= sizeof(text) - CHUNK)
			continue;
		memmove(text, text + CHUNK, bytes - CHUNK);
		bytes -= CHUNK;
	}
	for (skip = 0; position > bytes && skip < bytes && text[skip] != '\n';)
		skip++;
	skip += position > bytes && skip < bytes;
	if (a->json)
		answer_field(a, "text", text + skip, bytes - skip);
	else
		a->write(a->arg, text + skip, bytes - skip);
}

void command_log(struct answer *a, const struct request *r, int detail)
{
	const struct hv_cap *cap = boot_cap_of(HV_CAP_LOG);

	if (!cap)
		answer_fail(a, "the config does not give `console` to %s", boot->name);
	else if (is_shell(a))
		console_select_log();
	else
		log_text(a, cap);
}
