/*
 * Signatures of ELF64, of bzImage (Linux' Documentation/arch/x86/boot.rst), of Multiboot 1 and 2
 * (section 3.1 of either specification), of PVH (Xen's ELF note) and of PC firmware.
 */
#include "tools/bh/magic.h"

#include <string.h>

#define BZ_MAGIC        0x202 /* "HdrS" */
#define BZ_VERSION      0x206
#define BZ_LOADFLAGS    0x236 /* xloadflags; bit 0: has the 64-bit entry */
#define BZ_VERSION_64   0x020c
#define MULTIBOOT_MAGIC 0x1badb002u
#define MULTIBOOT_AREA  8192

#define MULTIBOOT2_MAGIC 0xe85250d6u
#define MULTIBOOT2_AREA  32768

#define ELF_TYPE  16
#define ELF_DYN   3
#define ROM_MAX   (16u << 20)
#define ROM_UNIT  4096
#define ROM_ENTRY 16 /* bytes of the reset vector, at the end of the file */

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

const char *magic_bzimage(const uint8_t *data, size_t bytes, bool wide)
{
	if (bytes < 0x1000 || memcmp(data + BZ_MAGIC, "HdrS", 4) != 0)
		return "is no Linux kernel; a bzImage (vmlinuz) would be right";
	if (wide && (u16(data + BZ_VERSION) < BZ_VERSION_64 || !(data[BZ_LOADFLAGS] & 1)))
		return "is a Linux kernel without the 64-bit entry; a 64-bit one from 3.8 on, or "
		       "entry: 32, would be right";
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

const char *magic_multiboot2(const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i + 16 <= bytes && i + 16 <= MULTIBOOT2_AREA; i += 8)
		if (u32(data + i) == MULTIBOOT2_MAGIC &&
		    u32(data + i) + u32(data + i + 4) + u32(data + i + 8) + u32(data + i + 12) == 0)
			return NULL;
	return "has no Multiboot2 header in its first 32 KiB";
}

/* The note as it lies in the file: lengths of name and contents, type 18, "Xen". */
const char *magic_pvh(const uint8_t *data, size_t bytes)
{
	if (bytes < 64 || memcmp(data, "\177ELF", 4) != 0)
		return "is no ELF file; an uncompressed kernel (vmlinux) would be right";
	for (size_t i = 0; i + 20 <= bytes; i += 4)
		if (u32(data + i) == 4 && u32(data + i + 8) == 18 &&
		    memcmp(data + i + 12, "Xen", 4) == 0)
			return NULL;
	return "is ELF, but has no PVH entry; a Linux with CONFIG_PVH would be right";
}

const char *magic_firmware(const uint8_t *data, size_t bytes)
{
	const uint8_t *vector = data + bytes - ROM_ENTRY;

	if (bytes > ROM_MAX || bytes % ROM_UNIT)
		return "is no firmware; a multiple of 4K up to 16M would be right";
	if (memcmp(vector, vector + 1, ROM_ENTRY - 1) == 0)
		return "is no firmware: nothing is at its reset vector, the last 16 bytes";
	return NULL;
}

const char *magic_type(const uint8_t *data, size_t bytes)
{
	if (!magic_bzimage(data, bytes, true))
		return "linux";
	if (!magic_bzimage(data, bytes, false))
		return "linux with entry: 32";
	if (!magic_multiboot(data, bytes))
		return "multiboot";
	if (!magic_multiboot2(data, bytes))
		return "multiboot2";
	if (!magic_pvh(data, bytes))
		return "pvh";
	return !magic_elf64(data, bytes) && u16(data + ELF_TYPE) == ELF_DYN ? "native" : NULL;
}
