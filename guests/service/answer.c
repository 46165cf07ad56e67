/*
 * See answer.h. In JSON every member begins with its comma: another member always stands before, as
 * request.c writes the object's first ones.
 */
#include "guests/service/answer.h"

#include "lib/format.h"
#include "lib/string.h"

#define TEXT_BYTES 256
#define GAP        "  " /* between columns */

static void put(struct answer *a, const char *text)
{
	a->write(a->arg, text, strlen(text));
}

void answer_escape(struct answer *a, const char *text, size_t bytes)
{
	size_t plain = 0; /* bytes before i that need no escape and are not written yet */
	char code[8];

	for (size_t i = 0; i < bytes; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
			plain++;
			continue;
		}
		if (c == '"' || c == '\\')
			format(code, sizeof(code), "\\%c", c);
		else if (c == '\n')
			format(code, sizeof(code), "\\n");
		else
			format(code, sizeof(code), "\\u%04x", c);
		a->write(a->arg, text + i - plain, plain);
		put(a, code);
		plain = 0;
	}
	a->write(a->arg, text + bytes - plain, plain);
}

static void put_string(struct answer *a, const char *text, size_t bytes)
{
	put(a, "\"");
	answer_escape(a, text, bytes);
	put(a, "\"");
}

static void put_name(struct answer *a, const char *name)
{
	put_string(a, name, strlen(name));
	put(a, ":");
}

void answer_fail(struct answer *a, const char *fmt, ...)
{
	va_list ap;

	if (a->error[0])
		return;
	va_start(ap, fmt);
	format_va(a->error, sizeof(a->error), fmt, ap);
	va_end(ap);
}

void answer_note(struct answer *a, const char *fmt, ...)
{
	char text[TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	size_t bytes = format_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (a->json) {
		put(a, ",");
		put_name(a, "note");
		put_string(a, text, bytes);
	} else {
		put(a, text);
		put(a, "\n");
	}
}

void answer_print(struct answer *a, const char *fmt, ...)
{
	char text[TEXT_BYTES];
	va_list ap;

	if (a->json)
		return;
	va_start(ap, fmt);
	format_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(a, text);
}

/* --- tables --------------------------------------------------------------------------------- */

static void pad(struct answer *a, size_t bytes)
{
	while (bytes-- > 0)
		put(a, " ");
}

static void put_cell(struct answer *a, const struct answer_column *c, const char *text)
{
	size_t width = (size_t)(c->width < 0 ? -c->width : c->width);
	size_t bytes = strlen(text), fill = bytes < width ? width - bytes : 0;
	bool last = !c[1].name;

	if (c->width > 0)
		pad(a, fill);
	if (c->width < 0 && !last && bytes > width)
		a->write(a->arg, text, width);
	else
		put(a, text);
	if (c->width < 0 && !last)
		pad(a, fill);
	put(a, last ? "\n" : GAP);
}

void answer_table(struct answer *a, const char *name, const struct answer_column *columns)
{
	a->column = columns;
	a->rows = 0;
	if (a->json) {
		put(a, ",");
		put_name(a, name);
		put(a, "[");
		return;
	}
	for (const struct answer_column *c = columns; c->name; c++)
		put_cell(a, c, c->title);
}

void answer_row(struct answer *a)
{
	if (a->json)
		put(a, a->rows ? "},{" : "{");
	a->rows++;
	a->next = a->column;
}

static void begin_cell(struct answer *a)
{
	if (a->next != a->column)
		put(a, ",");
	put_name(a, a->next->name);
}

void answer_text(struct answer *a, const char *text)
{
	if (a->json) {
		begin_cell(a);
		put_string(a, text, strlen(text));
	} else {
		put_cell(a, a->next, text);
	}
	a->next++;
}

static void show_number(char text[32], uint64_t number, enum answer_unit unit)
{
	switch (unit) {
	case ANSWER_KIB: format(text, 32, "%lu KiB", number >> 10); break;
	case ANSWER_MIB: format(text, 32, "%lu MiB", number >> 20); break;
	case ANSWER_HEX: format(text, 32, "%08lx", number); break;
	case ANSWER_SECONDS:
		format(text, 32, "%lu.%03lu s", number / 1000000000, number / 1000000 % 1000);
		break;
	default: format(text, 32, "%lu", number);
	}
}

void answer_number(struct answer *a, uint64_t number)
{
	char text[32];

	show_number(text, number, a->json ? ANSWER_PLAIN : a->next->unit);
	if (a->json) {
		begin_cell(a);
		put(a, text);
	} else {
		put_cell(a, a->next, text);
	}
	a->next++;
}

void answer_end(struct answer *a)
{
	if (a->json)
		put(a, a->rows ? "}]" : "]");
}

/* --- members -------------------------------------------------------------------------------- */

void answer_field(struct answer *a, const char *name, const char *text, size_t bytes)
{
	if (a->json) {
		put(a, ",");
		put_name(a, name);
		put_string(a, text, bytes);
	} else {
		put(a, name);
		put(a, ": ");
		a->write(a->arg, text, bytes);
		put(a, "\n");
	}
}

void answer_field_number(struct answer *a, const char *name, uint64_t number, enum answer_unit unit)
{
	char text[32];

	show_number(text, number, a->json ? ANSWER_PLAIN : unit);
	if (a->json) {
		put(a, ",");
		put_name(a, name);
		put(a, text);
	} else {
		answer_field(a, name, text, strlen(text));
	}
}
