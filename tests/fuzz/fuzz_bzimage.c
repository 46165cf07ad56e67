/*
 * Any bytes as a Linux kernel image, with and without a good start: what is accepted lies within
 * the file and can be placed.
 */
// sources: vmm/load_linux_image.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "lib/addr.h"
#include "vmm/load_linux.h"

static void check(const uint8_t *data, size_t size)
{
	struct linux_image k;
	struct span file = { data, size };

	if (linux_parse(&file, &k))
		return;
	if (!range_within(k.kernel_at, k.kernel_bytes, size) ||
	    !range_within(LINUX_HEADER_AT, k.header_bytes, size) ||
	    k.header_bytes > LINUX_HEADER_MAX || !k.align || (k.align & (k.align - 1)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *image = calloc(1, size + 0x400);

	memcpy(image, data, size);
	check(image, size);
	memcpy(image + 0x1f1, data, size);
	memcpy(image + 0x1fe, "\x55\xaa", 2);
	memcpy(image + 0x202, "HdrS", 4);
	image[0x207] = 2;
	image[0x211] |= 1;
	image[0x236] |= 1;
	check(image, size + 0x300);
	free(image);
	return 0;
}
