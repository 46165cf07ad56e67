/*
 * Bytes as text, without line ends (RFC 4648, section 4). Pure; `bh` has it, too.
 */
#ifndef GUESTS_SERVICE_BASE64_H
#define GUESTS_SERVICE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Characters for so many bytes, without the zero at the end. */
#define BASE64_CHARS(bytes) (((bytes) + 2) / 3 * 4)

/* out: BASE64_CHARS(bytes) + 1. */
void base64_encode(char *out, const uint8_t *in, size_t bytes);

/* Bytes that `text` stands for; -1 if it is no such text, or stands for more than `size`. */
int64_t base64_decode(uint8_t *out, size_t size, const char *text);

#endif
