/*
 * The emulated machine as a QEMU command line.
 */
#ifndef TOOLS_BH_QEMU_H
#define TOOLS_BH_QEMU_H

#include "tools/bh/emulator.h"

/* Fills in argv. False after reporting what is missing or wrong. */
bool qemu_prepare(struct emulator *e, const struct system_image *s, const struct options *o,
		  const char *iso);

#endif
