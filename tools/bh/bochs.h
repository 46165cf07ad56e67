/*
 * The emulated machine as a Bochs configuration.
 */
#ifndef TOOLS_BH_BOCHS_H
#define TOOLS_BH_BOCHS_H

#include <stdio.h>

#include "tools/bh/emulator.h"

/* Writes Bochs' files into the scratch folder, listens for its serial port and fills in argv.
   False after reporting what is missing or wrong. */
bool bochs_prepare(struct emulator *e, const struct system_image *s, const struct options *o,
		   const char *iso);

/* What Bochs' log says of a run, followed while it grows. */
struct bochs_log {
	FILE *file;
	unsigned resets; /* the machine's: the first is power-on */
	bool off;        /* switched off by software */
	char panic[256]; /* why Bochs ended the run; empty: it did not */
};

/* Reads what has come. */
void bochs_log_follow(struct bochs_log *l, const char *path);
/* Takes one line into account; pure. */
void bochs_log_line(struct bochs_log *l, const char *line);
/* Shows the last lines. */
void bochs_log_show(const char *path);

#endif
