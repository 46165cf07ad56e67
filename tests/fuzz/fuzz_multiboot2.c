/*
 * Any bytes as Multiboot2's boot information: the parser stays within them and its own tables.
 */
// sources: boot/multiboot2.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "boot/multiboot2.h"

/* A command line, a module and a memory map with one range. */
size_t fuzz_seed(uint8_t *data, size_t bytes)
{
	static const uint32_t seed[] = { 88,     0,      1,      12, 0x636261, 0,  3,  20,
					 0x1000, 0x2000, 0x6d,   0,  6,        40, 24, 0,
					 0x1000, 0,      0x1000, 0,  1,        0,  0,  8 };
	size_t n = bytes < sizeof(seed) ? bytes : sizeof(seed);

	memcpy(data, seed, n);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	struct boot_info *info = calloc(1, sizeof(*info));
	uint32_t total = (uint32_t)size;

	/* As it is, then with a total that fits, so that the fuzzer gets further. */
	memcpy(copy, data, size);
	(void)!multiboot2_parse(info, copy, size);
	memset(info, 0, sizeof(*info));
	if (size >= 4)
		memcpy(copy, &total, 4);
	(void)!multiboot2_parse(info, copy, size);
	if (info->modules > BOOT_MODULES || info->ranges > BOOT_RANGES ||
	    info->rsdp_bytes > BOOT_RSDP || strnlen(info->cmdline, BOOT_CMDLINE) == BOOT_CMDLINE)
		abort();
	free(info);
	free(copy);
	return 0;
}
