/*
 * One function for each key, found by a table.
 */
#include "boot/cmdline.h"

#include <stdbool.h>

#include "lib/string.h"

static bool word_is(const char *word, size_t bytes, const char *text)
{
	return strlen(text) == bytes && !strncmp(word, text, bytes);
}

static bool parse_log(struct options *o, const char *value, size_t bytes)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };

	for (unsigned i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!word_is(value, bytes, levels[i]))
			continue;
		o->log = (enum log_level)i;
		return true;
	}
	return false;
}

static bool parse_cpus(struct options *o, const char *value, size_t bytes)
{
	unsigned n = 0;

	for (size_t i = 0; i < bytes; i++) {
		if (value[i] < '0' || value[i] > '9' || n > MAX_CPUS)
			return false;
		n = n * 10 + (unsigned)(value[i] - '0');
	}
	if (n < 1 || n > MAX_CPUS)
		return false;
	o->cpus = n;
	return true;
}

static bool parse_without(struct options *o, const char *value, size_t bytes)
{
	o->without = value;
	o->without_bytes = bytes;
	return bytes != 0;
}

static const struct {
	const char *key;
	bool (*parse)(struct options *o, const char *value, size_t bytes);
	const char *values;
} keys[] = {
	{ "log=", parse_log, "error, warn, info or debug" },
	{ "cpus=", parse_cpus, "1 to 16" },
	{ "without=", parse_without, "names of optional features with commas between" },
};

static_assert(MAX_CPUS == 16, "the text of cpus=");

static void parse_word(struct options *o, const char *word, size_t bytes)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i].key);

		if (bytes < n || strncmp(word, keys[i].key, n))
			continue;
		if (!keys[i].parse(o, word + n, bytes - n))
			log_warn("command line: %.*s: the value must be %s", (int)bytes, word,
				 keys[i].values);
		return;
	}
	log_warn("command line: %.*s is not known; there are log=, cpus= and without=", (int)bytes,
		 word);
}

void cmdline_parse(struct options *o, const char *cmdline)
{
	*o = (struct options){ .log = LOG_INFO, .cpus = MAX_CPUS };
	while (*cmdline) {
		size_t n = 0;

		while (cmdline[n] && cmdline[n] != ' ')
			n++;
		if (n)
			parse_word(o, cmdline, n);
		cmdline += n + (cmdline[n] == ' ');
	}
}
