/*
 * One function for each key, found by a table.
 */
#include "boot/cmdline.h"

#include "abi/trace.h"
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

static bool parse_with(struct options *o, const char *value, size_t bytes)
{
	o->with = value;
	o->with_bytes = bytes;
	return bytes != 0;
}

static bool parse_event(struct options *o, const char *word, size_t bytes)
{
	static const struct {
		const char *name;
		uint32_t events;
	} names[] = {
		{ "all", HV_TRACE_ALL },
		{ "dump", 0 },
#define HV_TRACE(NAME, text, a, b) { #NAME, 1u << HV_TRACE_##NAME },
#include "abi/trace.def"
#undef HV_TRACE
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!str_is_word(names[i].name, word, bytes))
			continue;
		o->trace |= names[i].events;
		o->trace_dump |= !names[i].events;
		return true;
	}
	return false;
}

static bool parse_trace(struct options *o, const char *value, size_t bytes)
{
	bool good = bytes != 0;

	for (size_t i = 0, n; i < bytes; i += n + 1) {
		for (n = 0; i + n < bytes && value[i + n] != ',';)
			n++;
		good &= parse_event(o, value + i, n);
	}
	return good;
}

static const struct {
	const char *key;
	bool (*parse)(struct options *o, const char *value, size_t bytes);
	const char *values;
} keys[] = {
	{ "log=", parse_log, "error, warn, info or debug" },
	{ "cpus=", parse_cpus, "1 to 16" },
	{ "without=", parse_without, "names of optional features with commas between" },
	{ "with=", parse_with, "names of features with commas between" },
	{ "trace=", parse_trace, "all, dump, names of events (docs/config.md), commas between" },
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
	log_warn("command line: %.*s is not known; there are log=, cpus=, without=, with=, "
		 "trace=",
		 (int)bytes, word);
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
