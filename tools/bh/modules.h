/*
 * The files that go into an image as Multiboot2 modules. A file that several domains name becomes
 * one module. Every file is read at `bh check` already: it must be there and begin as its use
 * demands, and its checksum goes into the blob.
 */
#ifndef TOOLS_BH_MODULES_H
#define TOOLS_BH_MODULES_H

#include "vmm/config.h"

enum module_use {
	MODULE_ELF64,     /* a native guest */
	MODULE_BZIMAGE,   /* a Linux kernel with the 64-bit entry */
	MODULE_BZIMAGE32, /* a Linux kernel */
	MODULE_MULTIBOOT, /* has a Multiboot 1 header */
	MODULE_MULTIBOOT2,
	MODULE_PVH,      /* an ELF file with Xen's note of its entry */
	MODULE_FIRMWARE, /* a ROM */
	MODULE_DISK,     /* a multiple of 512 bytes */
	MODULE_RAW,      /* anything but nothing */
};

/* The files, beside the config's module[] of the same index. */
struct modules {
	char *path[CONFIG_MODULES];
};

/* Adds a file (or finds it) and returns its index, or CONFIG_NONE after reporting the error at
   `key`. Relative names count from the folder of the configuration file. */
unsigned modules_add(struct modules *m, struct config *c, const char *file, enum module_use use,
		     const char *key);

/* `file` as seen from here, when it was written relative to the configuration file; allocated. */
char *modules_path(const char *file);

/* The configuration file whose folder relative names count from. */
void modules_relative_to(const char *config_file);

#endif
