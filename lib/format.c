/*
 * printf's core. A conversion is parsed into struct spec, rendered into a small buffer as digits,
 * and put out padded; the output position runs on past the end of the buffer without storing.
 */
#include "lib/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"

struct output {
	char *buf;
	size_t size, used;
};

struct spec {
	bool left, zero, prefix; /* '-', '0', '#' */
	unsigned width, longs;   /* minimum width; l, ll and z count as long */
	size_t precision;        /* for %s; SIZE_MAX: none */
	char type;
};

static void put(struct output *o, char c)
{
	if (o->used + 1 < o->size)
		o->buf[o->used++] = c;
}

static void put_padded(struct output *o, const struct spec *s, const char *text, size_t n)
{
	size_t pad = s->width > n ? s->width - n : 0;

	for (; pad && !s->left; pad--)
		put(o, ' ');
	for (; n; n--)
		put(o, *text++);
	for (; pad; pad--)
		put(o, ' ');
}

static void put_number(struct output *o, struct spec *s, uint64_t v, bool negative)
{
	const char *digits = s->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned base = s->type == 'x' || s->type == 'X' || s->type == 'p' ? 16 : 10;
	char text[32], *p = text + sizeof(text);
	const char *sign = negative ? "-" : s->prefix && base == 16 ? "0x" : "";
	size_t sign_bytes = strlen(sign);

	do
		*--p = digits[v % base];
	while (v /= base);
	if (s->zero && !s->left)
		while ((size_t)(text + sizeof(text) - p) + sign_bytes < s->width && p > text + 2)
			*--p = '0';
	p -= sign_bytes;
	memcpy(p, sign, sign_bytes);
	put_padded(o, s, p, text + sizeof(text) - p);
}

static const char *parse_number(const char *fmt, unsigned *n)
{
	for (*n = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
		*n = *n * 10 + (*fmt - '0');
	return fmt;
}

/* From the character after the percent sign; returns the one after flags and width. */
static const char *parse_flags(const char *fmt, struct spec *s)
{
	for (;; fmt++) {
		if (*fmt == '-')
			s->left = true;
		else if (*fmt == '0')
			s->zero = true;
		else if (*fmt == '#')
			s->prefix = true;
		else
			return parse_number(fmt, &s->width);
	}
}

static const char *parse_length(const char *fmt, struct spec *s)
{
	while (*fmt == 'l' || *fmt == 'z') {
		s->longs++;
		fmt++;
	}
	s->type = *fmt;
	return *fmt ? fmt + 1 : fmt;
}

static int64_t take_signed(const struct spec *s, va_list *ap)
{
	return s->longs ? va_arg(*ap, int64_t) : va_arg(*ap, int);
}

static uint64_t take_unsigned(const struct spec *s, va_list *ap)
{
	return s->longs ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned);
}

static void convert(struct output *o, struct spec *s, va_list *ap)
{
	const char *text;
	char c;
	int64_t v;

	switch (s->type) {
	case 'd':
	case 'i':
		v = take_signed(s, ap);
		put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
		break;
	case 'u':
	case 'x':
	case 'X': put_number(o, s, take_unsigned(s, ap), false); break;
	case 'p':
		s->prefix = true;
		put_number(o, s, (uintptr_t)va_arg(*ap, void *), false);
		break;
	case 's':
		text = va_arg(*ap, const char *);
		text = text ? text : "(null)";
		put_padded(o, s, text, strnlen(text, s->precision));
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_padded(o, s, &c, 1);
		break;
	default: put(o, s->type ? s->type : '%'); break;
	}
}

size_t format_va(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct output o = { buf, size, 0 };
	va_list args;
	unsigned n;

	va_copy(args, ap);
	while (*fmt) {
		struct spec s = { .precision = SIZE_MAX };

		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_flags(fmt + 1, &s);
		if (fmt[0] == '.' && fmt[1] == '*') {
			s.precision = (size_t)va_arg(args, int);
			fmt += 2;
		} else if (fmt[0] == '.') {
			fmt = parse_number(fmt + 1, &n);
			s.precision = n;
		}
		fmt = parse_length(fmt, &s);
		convert(&o, &s, &args);
	}
	va_end(args);
	o.buf[o.used] = '\0';
	return o.used;
}

size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format_va(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
