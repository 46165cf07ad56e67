/*
 * Line by line; a line that is too long is no last word.
 */
#include "tools/bh/watch.h"

#include <string.h>

/* True for the hypervisor's own line, whether or not the multiplexer put "[hv] " before it. */
static bool is_last_words(const char *line)
{
	size_t n = strlen(line), tail = strlen(WATCH_LAST_WORDS);

	if (n < tail || strcmp(line + n - tail, WATCH_LAST_WORDS) != 0)
		return false;
	return line[0] != '[' || strncmp(line, "[hv]", 4) == 0;
}

void watch_bytes(struct watch *w, const char *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (data[i] == '\n') {
			w->line[w->bytes] = 0;
			w->orderly |= is_last_words(w->line);
			w->bytes = 0;
		} else if (data[i] != '\r' && w->bytes < sizeof(w->line) - 1) {
			w->line[w->bytes++] = data[i];
		}
	}
}
