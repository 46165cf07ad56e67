/*
 * The line to a system's control port: a socket by its path, or by host and port.
 */
#ifndef TOOLS_BH_CTL_LINK_H
#define TOOLS_BH_CTL_LINK_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_LINE 65536

struct ctl_link {
	int fd;
	char buf[CTL_LINE];
	size_t bytes; /* received and not used yet */
	char line[CTL_LINE];
};

/* False after reporting why not. */
bool ctl_connect(struct ctl_link *l, const char *where);

bool ctl_send(struct ctl_link *l, const char *text);

/* The next line, in l->line without its end; false: none came within `ms` milliseconds (negative:
   for ever), or the other side is gone. */
bool ctl_receive(struct ctl_link *l, int ms);

#endif
