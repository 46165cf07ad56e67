/*
 * printf for a machine without a C library: %d %i %u %x %X %p %s %c %% with l, ll, z, width, zero
 * padding, '-', '#' and %.*s. No floating point. Output is always zero-terminated and cut to size.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#include "lib/bits.h"

/* Formats into buf of `size` bytes (>= 1); returns the bytes written without the final zero. */
size_t format_va(char *buf, size_t size, const char *fmt, va_list ap);
PRINTF(3, 4) size_t format(char *buf, size_t size, const char *fmt, ...);

#endif
