/*
 * Single values of a configuration file, with the message for each that is none.
 */
#include "tools/bh/compile_parts.h"

#include <stdio.h>
#include <string.h>

#include "tools/bh/report.h"

const char *compile_key(char key[COMPILE_KEY], const char *base, const char *name)
{
	snprintf(key, COMPILE_KEY, "%s%s%s", base, *base && *name ? "." : "", name);
	return key;
}

bool compile_text(char *dst, size_t size, const char *text, const char *base, const char *name)
{
	char key[COMPILE_KEY];

	if (!text)
		return true;
	if (strlen(text) < size) {
		strcpy(dst, text);
		return true;
	}
	report_key(compile_key(key, base, name), "has %zu characters; at most %zu", strlen(text),
		   size - 1);
	return false;
}

void compile_word(uint64_t *value, const struct value_word *list, const char *text,
		  const char *base, const char *name)
{
	char key[COMPILE_KEY], words[256];

	if (!text || value_word(list, text, value))
		return;
	value_words(list, words, sizeof(words));
	report_key(compile_key(key, base, name), "\"%s\" is unknown; %s", text, words);
}

void compile_size(uint64_t *bytes, const char *text, const char *base, const char *name)
{
	char key[COMPILE_KEY];

	if (text && !value_size(text, bytes))
		report_key(compile_key(key, base, name),
			   "\"%s\" is no size; a number of bytes, or one with K, M or G", text);
}

void compile_flag(bool *flag, const char *text, const char *base, const char *name)
{
	char key[COMPILE_KEY];

	if (text && !value_flag(text, flag))
		report_key(compile_key(key, base, name), "\"%s\"; yes or no", text);
}

void compile_number(uint32_t *number, uint64_t max, const char *text, const char *base,
		    const char *name)
{
	char key[COMPILE_KEY];
	uint64_t v = *number;

	if (text && !value_number(text, max, &v))
		report_key(compile_key(key, base, name), "\"%s\" is not right; 0 to %lu", text,
			   (unsigned long)max);
	*number = v;
}

void compile_time(uint32_t *ticks, unsigned unit_us, const char *text, const char *base,
		  const char *name)
{
	char key[COMPILE_KEY];
	uint64_t us = 0;

	if (!text)
		return;
	if (!value_time(text, &us) || us / unit_us > UINT32_MAX)
		report_key(compile_key(key, base, name),
			   "\"%s\" is no time; a number with us, ms or s", text);
	*ticks = us / unit_us;
}
