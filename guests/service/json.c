/*
 * A reader by descent, of depth one. Every step asks peek() for the next byte, which answers END
 * where the text has ended: no byte of JSON is 0xffff. Strings are written back over themselves: an
 * escape is never shorter than what it means, and the closing quote leaves room for the zero.
 */
#include "guests/service/json.h"

#include <stdbool.h>

#include "lib/string.h"

#define END        0xffffu
#define NUMBER_MAX (1ll << 53) /* what every reader of JSON can hold */

struct reader {
	char *text;
	size_t bytes, at;
	const char *wrong;
};

static unsigned peek(const struct reader *r)
{
	return r->at < r->bytes ? (uint8_t)r->text[r->at] : END;
}

static bool fail(struct reader *r, const char *wrong)
{
	if (!r->wrong)
		r->wrong = wrong;
	return false;
}

static void skip_space(struct reader *r)
{
	for (;;) {
		unsigned c = peek(r);

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		r->at++;
	}
}

static bool take(struct reader *r, char wanted)
{
	skip_space(r);
	if (peek(r) != (uint8_t)wanted)
		return false;
	r->at++;
	return true;
}

/* --- strings -------------------------------------------------------------------------------- */

static bool hex4(struct reader *r, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++, r->at++) {
		unsigned c = peek(r);

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*value = *value << 4 | ((c | 0x20) - 'a' + 10);
		else
			return fail(r, "\\u has four hexadecimal digits");
	}
	return true;
}

static size_t put_utf8(char *out, uint32_t c)
{
	unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const uint8_t head[] = { 0, 0xc0, 0xe0, 0xf0 };

	out[0] = (char)(head[more] | c >> 6 * more);
	for (unsigned i = 1; i <= more; i++)
		out[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
	return more + 1;
}

/* Behind "\u"; a character beyond 0xffff is a pair of surrogates. */
static bool take_code(struct reader *r, uint32_t *code)
{
	uint32_t low;

	if (!hex4(r, code))
		return false;
	if (*code >> 10 == 0xdc00 >> 10)
		return fail(r, "half a pair of \\u");
	if (*code >> 10 == 0xd800 >> 10) {
		if (r->bytes - r->at < 2 || r->text[r->at] != '\\' || r->text[r->at + 1] != 'u')
			return fail(r, "half a pair of \\u");
		r->at += 2;
		if (!hex4(r, &low))
			return false;
		if (low >> 10 != 0xdc00 >> 10)
			return fail(r, "half a pair of \\u");
		*code = 0x10000 + ((*code & 0x3ff) << 10) + (low & 0x3ff);
	}
	return *code || fail(r, "a string may not hold a zero");
}

static bool take_escape(struct reader *r, char **out)
{
	static const char name[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	unsigned c = peek(r);
	uint32_t code;

	r->at += c != END;
	if (c == 'u') {
		if (!take_code(r, &code))
			return false;
		*out += put_utf8(*out, code);
		return true;
	}
	for (unsigned i = 0; name[i]; i++) {
		if (c == (uint8_t)name[i]) {
			*(*out)++ = means[i];
			return true;
		}
	}
	return fail(r, "no such escape");
}

/* A character beyond ASCII as it stands: the shortest form, no surrogate, at most 0x10ffff. */
static bool take_utf8(struct reader *r, char **out)
{
	unsigned head = peek(r), more = head >= 0xf0 ? 3 : head >= 0xe0 ? 2 : 1;
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint32_t code = head & (0x3fu >> more);

	if (head < 0xc2 || head > 0xf4)
		return fail(r, "not UTF-8");
	for (unsigned i = 0; i <= more; i++) {
		unsigned c = peek(r);

		if (c == END || (i && c >> 6 != 2))
			return fail(r, "not UTF-8");
		if (i)
			code = code << 6 | (c & 0x3f);
		*(*out)++ = (char)c;
		r->at++;
	}
	return (code >= least[more] && code <= 0x10ffff && code >> 11 != 0xd800 >> 11) ||
	       fail(r, "not UTF-8");
}

static const char *no_string(struct reader *r, const char *wrong)
{
	fail(r, wrong);
	return NULL;
}

/* Behind the opening quote. */
static const char *take_string(struct reader *r)
{
	char *start = r->text + r->at, *out = start;

	for (;;) {
		unsigned c = peek(r);
		bool good = true;

		if (c == END)
			return no_string(r, "a string is not ended");
		if (c < ' ' || c == 0x7f)
			return no_string(r, "a control character in a string");
		if (c >= 0x80) {
			good = take_utf8(r, &out);
		} else {
			r->at++;
			if (c == '"')
				break;
			if (c == '\\')
				good = take_escape(r, &out);
			else
				*out++ = (char)c;
		}
		if (!good)
			return NULL;
	}
	*out = 0;
	return start;
}

/* --- values --------------------------------------------------------------------------------- */

static bool is_digit(unsigned c)
{
	return c >= '0' && c <= '9';
}

static bool take_number(struct reader *r, int64_t *number)
{
	bool minus = peek(r) == '-';
	int64_t n = 0;

	r->at += minus;
	if (!is_digit(peek(r)))
		return fail(r, "no value");
	if (peek(r) == '0' && r->at + 1 < r->bytes && is_digit((uint8_t)r->text[r->at + 1]))
		return fail(r, "a number begins with 0");
	for (; is_digit(peek(r)); r->at++) {
		n = n * 10 + (peek(r) - '0');
		if (n > NUMBER_MAX)
			return fail(r, "a number is too large");
	}
	if (peek(r) == '.' || (peek(r) | 0x20) == 'e')
		return fail(r, "only whole numbers");
	*number = minus ? -n : n;
	return true;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->bytes - r->at < n || strncmp(r->text + r->at, word, n))
		return fail(r, "no value");
	r->at += n;
	return true;
}

static bool take_value(struct reader *r, struct json_member *m)
{
	skip_space(r);
	switch (peek(r)) {
	case '"':
		r->at++;
		m->kind = JSON_STRING;
		m->string = take_string(r);
		return m->string;
	case '{':
	case '[': return fail(r, "nothing may be nested");
	case 't': m->kind = JSON_TRUE; return take_word(r, "true");
	case 'f': m->kind = JSON_FALSE; return take_word(r, "false");
	case 'n': m->kind = JSON_NULL; return take_word(r, "null");
	default: m->kind = JSON_NUMBER; return take_number(r, &m->number);
	}
}

static bool take_member(struct reader *r, struct json_object *o)
{
	struct json_member m = { 0 };

	if (!take(r, '"'))
		return fail(r, "a member begins with its name in quotes");
	m.name = take_string(r);
	if (!m.name)
		return false;
	if (json_find(o, m.name))
		return fail(r, "a name comes twice");
	if (o->members == JSON_MEMBERS)
		return fail(r, "too many members");
	if (!take(r, ':'))
		return fail(r, "a colon follows a name");
	if (!take_value(r, &m))
		return false;
	o->member[o->members++] = m;
	return true;
}

static bool take_object(struct reader *r, struct json_object *o)
{
	if (!take(r, '{'))
		return fail(r, "an object begins with {");
	if (take(r, '}'))
		return true;
	do
		if (!take_member(r, o))
			return false;
	while (take(r, ','));
	return take(r, '}') || fail(r, "a comma or } follows a member");
}

const char *json_read(struct json_object *o, char *text, size_t bytes)
{
	struct reader r = { .text = text, .bytes = bytes };

	o->members = 0;
	if (take_object(&r, o)) {
		skip_space(&r);
		if (r.at < bytes)
			fail(&r, "something follows the object");
	}
	o->at = r.at;
	return r.wrong;
}

const struct json_member *json_find(const struct json_object *o, const char *name)
{
	for (unsigned i = 0; i < o->members; i++)
		if (!strcmp(o->member[i].name, name))
			return &o->member[i];
	return NULL;
}
