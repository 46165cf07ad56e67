/*
 * `bh ctl`: one request to a running system over its control port, and the answer for people or,
 * with --json, for programs; without a verb a small shell. docs/control.md has the requests.
 */
#ifndef TOOLS_BH_CTL_H
#define TOOLS_BH_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/bh/report.h"

enum ctl_status { CTL_OK, CTL_REFUSED, CTL_NO_CONNECTION };

/* argv[0] is "ctl". Returns the status to exit with: enum ctl_status. */
int ctl(int argc, char **argv);

/* The request of these words, with a line feed; false: it is too long or has control characters.
   Pure. */
bool ctl_request(char *out, size_t size, const char *id, char *const *words, bool json);

#endif
