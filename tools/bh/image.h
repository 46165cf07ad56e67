/*
 * The bootable image: an ISO with GRUB for BIOS and UEFI that is a disk image as well. GRUB finds
 *
 *   /boot/bulkhead.elf      the hypervisor
 *   /boot/bulkhead.config   the blob, first module
 *   /boot/NAME              each module of the blob, in its order, string NAME
 */
#ifndef TOOLS_BH_IMAGE_H
#define TOOLS_BH_IMAGE_H

#include "tools/bh/compile.h"
#include "tools/bh/options.h"
#include "tools/bh/report.h"

enum bh_status image_make(const struct system_image *s, const struct options *o, const char *out);

#endif
