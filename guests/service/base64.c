/* See base64.h. */
#include "guests/service/base64.h"

#include "lib/bits.h"
#include "lib/string.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *out, const uint8_t *in, size_t bytes)
{
	for (; bytes; bytes -= MIN(bytes, (size_t)3), in += 3) {
		uint32_t group = (uint32_t)in[0] << 16 | (bytes > 1 ? in[1] << 8 : 0) |
				 (bytes > 2 ? in[2] : 0);

		for (unsigned i = 0; i < 4; i++)
			*out++ = i > bytes ? '=' : digits[group >> (18 - 6 * i) & 63];
	}
	*out = 0;
}

/* How many of the last characters stand for nothing. */
static size_t padding(const char *text, size_t chars)
{
	size_t n = 0;

	while (n < 2 && n < chars && text[chars - 1 - n] == '=')
		n++;
	return n;
}

/* 64: it is none. */
static uint32_t digit_of(char c)
{
	uint32_t n = 0;

	while (n < 64 && digits[n] != c)
		n++;
	return n;
}

int64_t base64_decode(uint8_t *out, size_t size, const char *text)
{
	size_t chars = strlen(text), pad = padding(text, chars), bytes = chars / 4 * 3 - pad;
	uint32_t group = 0;

	if (chars % 4 || bytes > size)
		return -1;
	for (size_t i = 0; i < chars - pad; i++) {
		uint32_t digit = digit_of(text[i]);

		if (digit >= 64)
			return -1;
		group = group << 6 | digit;
		if (i % 4)
			*out++ = (uint8_t)(group >> (6 - 2 * (i % 4)));
	}
	return (int64_t)bytes;
}
