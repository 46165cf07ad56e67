/*
 * Messages to the person: "FILE:LINE: key: what is wrong; what would be right". Errors about a
 * configuration go through report_key, which finds the line of the key on its own.
 */
#ifndef TOOLS_BH_REPORT_H
#define TOOLS_BH_REPORT_H

#include "lib/bits.h"

/* What bh answers to the shell. */
enum bh_status {
	BH_OK = 0,
	BH_CONFIG = 1,      /* the configuration is wrong, or the system did not end in order */
	BH_USAGE = 2,       /* the command line is wrong */
	BH_ENVIRONMENT = 3, /* a tool or a file of the build is missing */
};

/* The file that report_key speaks of. */
void report_file(const char *file);
/* An error at a key, written as a path: "domains[1].disks[0].size". The message shows the domain's
   name and the last part of the path; the line is the key's, else its mapping's. */
PRINTF(2, 3) void report_key(const char *path, const char *fmt, ...);
/* An error at a line that is known already; 0: none. */
PRINTF(2, 3) void report_line(unsigned line, const char *fmt, ...);
/* Errors reported so far. */
unsigned report_errors(void);

/* "bh: ..." for all else. */
PRINTF(1, 2) void report(const char *fmt, ...);

#endif
