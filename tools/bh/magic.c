/*
 * Signatures of ELF64, of bzImage (Linux' Documentation/arch/x86/boot.rst) and of Multiboot 1
 * (section 3.1 of its specification).
 */
#include "tools/bh/magic.h"

#include <string.h>

#define BZ_MAGIC        0x202 /* "HdrS" */
#define BZ_VERSION      0x206
#define BZ_LOADFLAGS    0x236 /* xloadflags; bit 0: has the 64-bit entry */
#define BZ_VERSION_64   0x020c
#define MULTIBOOT_MAGIC 0x1badb002u
#define MULTIBOOT_AREA  8192

static uint16_t u16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
	return u16(p) | (uint32_t)u16(p + 2) << 16;
}

const char *magic_elf64(const uint8_t *data, size_t bytes)
{
	if (bytes < 64 || memcmp(data, "\177ELF", 4) != 0)
		return "is no ELF file; a guest built with guests/lib would be right";
	if (data[4] != 2 || u16(data + 18) != 62)
		return "is ELF, but not for x86-64; a 64-bit one would be right";
	return NULL;
}

const char *magic_bzimage(const uint8_t *data, size_t bytes)
{
	if (bytes < 0x1000 || memcmp(data + BZ_MAGIC, "HdrS", 4) != 0)
		return "is no Linux kernel; a bzImage (vmlinuz) would be right";
	if (u16(data + BZ_VERSION) < BZ_VERSION_64 || !(data[BZ_LOADFLAGS] & 1))
		return "is a Linux kernel without the 64-bit entry; a 64-bit one from 3.8 on "
		       "would be right";
	return NULL;
}

const char *magic_multiboot(const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i + 12 <= bytes && i + 12 <= MULTIBOOT_AREA; i += 4)
		if (u32(data + i) == MULTIBOOT_MAGIC &&
		    u32(data + i) + u32(data + i + 4) + u32(data + i + 8) == 0)
			return NULL;
	return "has no Multiboot 1 header in its first 8 KiB";
}
