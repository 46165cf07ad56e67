/*
 * Multiboot2's boot information: a list of tags, foreign bytes, checked for bounds. Pure: tested
 * and fuzzed on the host.
 */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include "boot/boot_info.h"
#include "lib/err.h"

/* Reads the list at `data`, of which `mapped` bytes may be touched, into *info, which is zero.
   Errors: FORMAT (its size or a tag's size does not fit; what came before is in *info). */
must_check enum err multiboot2_parse(struct boot_info *info, const void *data, size_t mapped);

#endif
