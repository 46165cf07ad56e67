/*
 * The management shell: reads a line of keys, has its verb done (verb.h), shows the answer. Knows
 * no hypercall, so it runs under unit tests.
 */
#ifndef GUESTS_SERVICE_SHELL_H
#define GUESTS_SERVICE_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "guests/service/verb.h"

#define SHELL_PROMPT "bulkhead> "

/* write shows text on the shell's terminal. */
void shell_init(const struct verb *verbs, void (*write)(const char *, size_t));

/* One key, or 0, which does nothing. fresh: other text stands where the prompt was, so prompt and
   line are shown again. */
void shell_key(char key, bool fresh);

/* Runs one line as if it had been typed; cuts the text into words. */
void shell_run(char *line);

void shell_prompt(void);

/* For what goes on after a verb has ended: at most 255 bytes at once. */
PRINTF(1, 2) void shell_print(const char *fmt, ...);

#endif
