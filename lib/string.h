/*
 * The freestanding subset of <string.h>, bounded copies, and CRC-32C. The compiler may call the
 * first four on its own.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

/* Length of s, at most max: for strings that came from outside and may lack their zero. */
size_t strnlen(const char *s, size_t max);

/* Copies s into dst of `size` bytes, cut if need be, always zero-terminated. */
void str_copy(char *dst, const char *s, size_t size);

/* Is `bytes` characters of word the string s, small letters and capitals alike? */
bool str_is_word(const char *s, const char *word, size_t bytes);

/* CRC-32C (Castagnoli, reflected) of a buffer; seed 0 starts, a former result continues. */
uint32_t crc32c(uint32_t seed, const void *data, size_t bytes);

#endif
