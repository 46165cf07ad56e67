/*
 * See net.h.
 */
#include "tools/bh/net.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tools/bh/values.h"

#define FORWARD "hostfwd="

static const struct value_word kinds[] = {
	{ "none", NET_NONE },
	{ "e1000", NET_E1000 },
	{ "e1000e", NET_E1000E },
	{ "virtio", NET_VIRTIO },
	{ NULL, 0 },
};

/* Each word of the list is a forward that says something. */
static bool are_forwards(const char *text)
{
	while (*text) {
		size_t bytes = strcspn(text, ",");

		if (bytes <= strlen(FORWARD) || strncmp(text, FORWARD, strlen(FORWARD)) != 0)
			return false;
		text += bytes;
		if (*text && !*++text)
			return false;
	}
	return true;
}

bool net_parse(const char *text, enum net_kind *kind, const char **forwards)
{
	size_t bytes = strcspn(text, ",");
	const char *rest = text[bytes] ? text + bytes + 1 : text + bytes;
	uint64_t found;
	char word[16];

	snprintf(word, sizeof(word), "%.*s", (int)bytes, text);
	if (bytes >= sizeof(word) || !value_word(kinds, word, &found))
		return false;
	if (text[bytes] && (!*rest || found == NET_NONE || !are_forwards(rest)))
		return false;
	*kind = found;
	*forwards = rest;
	return true;
}
