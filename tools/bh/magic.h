/*
 * What a guest's image must look like at its beginning, as far as `bh` can tell without starting
 * it. Pure, tested on the host. The hypervisor's loaders check again, and more.
 */
#ifndef TOOLS_BH_MAGIC_H
#define TOOLS_BH_MAGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns NULL if the bytes are right, else what is wrong and what would be right. */
const char *magic_elf64(const uint8_t *data, size_t bytes);
const char *magic_bzimage(const uint8_t *data, size_t bytes, bool wide); /* with 64-bit entry */
const char *magic_multiboot(const uint8_t *data, size_t bytes);
const char *magic_multiboot2(const uint8_t *data, size_t bytes);
const char *magic_pvh(const uint8_t *data, size_t bytes);
const char *magic_firmware(const uint8_t *data, size_t bytes);

/* The configuration's type that such an image would be right for, NULL if none shows. */
const char *magic_type(const uint8_t *data, size_t bytes);

#endif
