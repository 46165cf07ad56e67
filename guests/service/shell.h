/*
 * The management shell: reads a line, finds its command in a table, runs it. Knows no hypercall, so
 * it runs under unit tests; the commands are in shell_control.c and shell_show.c.
 */
#ifndef GUESTS_SERVICE_SHELL_H
#define GUESTS_SERVICE_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bits.h"

#define SHELL_WORDS  4
#define SHELL_PROMPT "bulkhead> "

struct shell_command {
	const char *name;
	const char *args; /* "" none, "NAME" one is needed, "[NAME]" one may be given */
	const char *help; /* NULL: for tests, not listed */
	/* argument is the word after the command, NULL if there is none; detail is the next field,
	   for commands that share a function. */
	void (*run)(const char *argument, int detail);
	int detail;
};

/* The table ends with a NULL name. write shows text on the shell's terminal. */
void shell_init(const struct shell_command *commands, void (*write)(const char *, size_t));

/* One key. fresh: other text stands where the prompt was, so prompt and line are shown again. */
void shell_key(char key, bool fresh);

/* Runs one line as if it had been typed; cuts the text into words. */
void shell_run(char *line);

void shell_prompt(void);

/* For commands: at most 255 bytes at once. */
PRINTF(1, 2) void shell_print(const char *fmt, ...);

#endif
