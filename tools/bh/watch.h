/*
 * Watches what the machine says for the hypervisor's last words, the sign of an orderly end.
 */
#ifndef TOOLS_BH_WATCH_H
#define TOOLS_BH_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#define WATCH_LAST_WORDS "system: power off"

/* The line that is being received, and whether the last words have been. */
struct watch {
	char line[256];
	size_t bytes;
	bool orderly;
};

/* Pure. */
void watch_bytes(struct watch *w, const char *data, size_t bytes);

#endif
