/*
 * What the boot loader told, copied out of its memory, in a form that does not depend on the boot
 * protocol.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/screen.h"
#include "lib/addr.h"

#define BOOT_CMDLINE 512
#define BOOT_MODULES 64
#define BOOT_NAME    64
#define BOOT_RANGES  192
#define BOOT_RSDP    36

struct boot_module {
	char name[BOOT_NAME]; /* first word of its string */
	hpa_t base;
	uint64_t bytes;
};

struct boot_range {
	hpa_t base;
	uint64_t bytes;
	bool usable;
};

struct boot_info {
	char cmdline[BOOT_CMDLINE];
	struct boot_module module[BOOT_MODULES];
	struct boot_range range[BOOT_RANGES];
	size_t modules, ranges;
	size_t dropped; /* modules and ranges for which there was no room */
	uint8_t rsdp[BOOT_RSDP];
	size_t rsdp_bytes; /* 0: none */
	bool has_screen;
	struct screen_info screen;
};

#endif
