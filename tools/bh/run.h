/*
 * Boots an image in the emulator and says how it ended.
 */
#ifndef TOOLS_BH_RUN_H
#define TOOLS_BH_RUN_H

#include "tools/bh/compile.h"
#include "tools/bh/options.h"
#include "tools/bh/report.h"

/* Boots the system of a configuration, or o->file if that is an image already (s is empty then).
   OK only if the hypervisor's last words were seen: the system powered off in order. */
enum bh_status run(const struct system_image *s, const struct options *o);

#endif
