/*
 * Parsers of the configuration's scalar values. Hand-written rather than sscanf, so that trailing
 * characters, signs and overflow are refused.
 */
#include "tools/bh/values.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct value_word value_classes[] = {
	{ "nvme", 0x010802 },    { "ahci", 0x010601 },     { "ide", 0x010180 },
	{ "scsi", 0x010000 },    { "ethernet", 0x020000 }, { "xhci", 0x0c0330 },
	{ "display", 0x030000 }, { "audio", 0x040300 },    { NULL, 0 },
};

/* Digits of `base` at *text, at most `digits` of them; moves *text past them. */
static bool take_digits(const char **text, int base, unsigned digits, uint64_t *value)
{
	char copy[24];
	unsigned n = 0;

	while (n < digits && n < sizeof(copy) - 1 && isxdigit((unsigned char)(*text)[n]) &&
	       (base == 16 || isdigit((unsigned char)(*text)[n])))
		n++;
	if (n == 0)
		return false;
	memcpy(copy, *text, n);
	copy[n] = 0;
	*value = strtoull(copy, NULL, base);
	*text += n;
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* A number with one of the suffixes, multiplied; 18 digits at most, so that it cannot overflow
   before the check. */
static bool scaled(const char *text, const struct value_word *suffixes, uint64_t *value)
{
	uint64_t number, factor;

	if (!take_digits(&text, 10, 18, &number) || !value_word(suffixes, text, &factor))
		return false;
	if (number > UINT64_MAX / factor)
		return false;
	*value = number * factor;
	return true;
}

bool value_size(const char *text, uint64_t *bytes)
{
	static const struct value_word suffixes[] = {
		{ "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 }, { NULL, 0 },
	};

	return scaled(text, suffixes, bytes);
}

bool value_time(const char *text, uint64_t *us)
{
	static const struct value_word suffixes[] = {
		{ "us", 1 },
		{ "ms", 1000 },
		{ "s", 1000000 },
		{ NULL, 0 },
	};

	return scaled(text, suffixes, us);
}

bool value_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t v;

	if (!take_digits(&text, 10, 18, &v) || *text || v > max)
		return false;
	*number = v;
	return true;
}

bool value_flag(const char *text, bool *flag)
{
	static const struct value_word words[] = {
		{ "yes", 1 }, { "true", 1 }, { "no", 0 }, { "false", 0 }, { NULL, 0 },
	};
	uint64_t v;

	if (!value_word(words, text, &v))
		return false;
	*flag = v;
	return true;
}

bool value_word(const struct value_word *list, const char *text, uint64_t *value)
{
	for (; list->word; list++) {
		if (strcmp(list->word, text) == 0) {
			*value = list->value;
			return true;
		}
	}
	return false;
}

void value_words(const struct value_word *list, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = 0;
	for (const struct value_word *w = list; w->word && n < size; w++) {
		const char *gap = w == list ? "" : w[1].word ? ", " : " or ";

		n += snprintf(buf + n, size - n, "%s%s", gap, w->word);
	}
}

bool value_pci_id(const char *text, uint16_t *vendor, uint16_t *device)
{
	uint64_t v, d;

	if (!take_digits(&text, 16, 4, &v) || !take_char(&text, ':') ||
	    !take_digits(&text, 16, 4, &d) || *text)
		return false;
	*vendor = v;
	*device = d;
	return true;
}

bool value_pci_slot(const char *text, uint16_t *slot)
{
	uint64_t bus, device, function;

	if (!take_digits(&text, 16, 2, &bus) || !take_char(&text, ':') ||
	    !take_digits(&text, 16, 2, &device) || !take_char(&text, '.') ||
	    !take_digits(&text, 16, 1, &function) || *text || device > 31 || function > 7)
		return false;
	*slot = bus << 8 | device << 3 | function;
	return true;
}

bool value_pci_class(const char *text, uint32_t *class_code)
{
	uint64_t v;

	if (!value_word(value_classes, text, &v) &&
	    (strlen(text) != 6 || !take_digits(&text, 16, 6, &v) || *text))
		return false;
	*class_code = v;
	return true;
}
