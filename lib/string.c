/*
 * Memory and string primitives. The block functions use the string instructions on 8-byte words:
 * fast on processors and few instructions in an emulator. Linked into the hypervisor, guests and
 * host tests alike.
 */
#include "lib/string.h"

#define CRC32C_POLYNOMIAL 0x82f63b78u /* reflected */
#define CPUID_SSE42       (1u << 20)  /* leaf 1, ecx */

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	void *d = dst;
	size_t words = n / 8, rest = n % 8;

	asm volatile("rep movsq" : "+D"(d), "+S"(src), "+c"(words) : : "memory");
	asm volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(rest) : : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = (char *)dst + n - 1;
	const char *s = (const char *)src + n - 1;

	if ((uintptr_t)dst - (uintptr_t)src >= n)
		return memcpy(dst, src, n);
	asm volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;
	size_t words = n / 8, rest = n % 8;
	uint64_t pattern = (uint8_t)c * 0x0101010101010101ull;

	asm volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
	asm volatile("rep stosb" : "+D"(d), "+c"(rest) : "a"(pattern) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	return strnlen(s, PTRDIFF_MAX);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, PTRDIFF_MAX);
}

bool str_is_word(const char *s, const char *word, size_t bytes)
{
	size_t i = 0;

	/* Bit 5 alone tells small letters from capitals. */
	while (i < bytes && s[i] && (s[i] | 0x20) == (word[i] | 0x20))
		i++;
	return i == bytes && !s[i];
}

void str_copy(char *dst, const char *s, size_t size)
{
	size_t n = strnlen(s, size - 1);

	memcpy(dst, s, n);
	dst[n] = '\0';
}

static bool has_crc_instruction(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ecx & CPUID_SSE42;
}

static uint32_t crc_byte_plain(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
	return crc;
}

/* The CRC32 instruction works on general registers, so the hypervisor may use it too. Whole images
   go through here at boot: 32 bytes a turn. */
static uint32_t crc_fast(uint32_t seed, const uint8_t *p, size_t bytes)
{
	uint64_t crc = seed;

	for (; bytes >= 32; bytes -= 32, p += 32)
		asm("crc32q (%1), %0; crc32q 8(%1), %0; crc32q 16(%1), %0; crc32q 24(%1), %0"
		    : "+r"(crc)
		    : "r"(p), "m"(*(const uint8_t(*)[32])p));
	for (; bytes; bytes--, p++)
		asm("crc32b %1, %k0" : "+r"(crc) : "m"(*p));
	return (uint32_t)crc;
}

uint32_t crc32c(uint32_t seed, const void *data, size_t bytes)
{
	static int fast = -1;
	const uint8_t *p = data;
	uint32_t crc = ~seed;

	if (fast < 0)
		fast = has_crc_instruction();
	if (fast)
		return ~crc_fast(crc, p, bytes);
	for (; bytes; bytes--, p++)
		crc = crc_byte_plain(crc, *p);
	return ~crc;
}
