/*
 * The emulated machine as a QEMU command line.
 */
#ifndef TOOLS_BH_QEMU_H
#define TOOLS_BH_QEMU_H

#include <stdbool.h>

#include "tools/bh/compile.h"
#include "tools/bh/options.h"

#define QEMU_ARGS 128

struct qemu {
	char *argv[QEMU_ARGS];
	unsigned argc;
	const char *scratch; /* a folder for the firmware's variables */
};

/* Fills argv, NULL-terminated. False after reporting what is missing or wrong. */
bool qemu_arguments(struct qemu *q, const struct system_image *s, const struct options *o,
		    const char *iso);

#endif
